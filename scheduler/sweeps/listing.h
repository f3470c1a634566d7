// listing: one worker's job: what repositories a source has, or what images one of them holds: listed,
// filtered, tags resolved to digests, indexes to platforms. What was got before something went wrong is kept,
// so that the next try goes on from there.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/sweeps/records.h"
#include "sources/source.h"

namespace assay::sweeps {

inline constexpr size_t kMaxItems = 5000;  // images of one repository in one run

/// Handed to a worker and back.
struct Listing {
  bool is_source = false;
  size_t source = 0;                    // index into the spec's
  sources::Repository repository{};     // of a source: `host` is what is left alone when it is busy
  int part = 0;                         // of the source's accounts and regions, that which has it
  unsigned failures = 0, refusals = 0;  // RunList's

  // got so far: of a source
  std::set<size_t> parts_done{};
  struct Found {
    sources::Repository repository;
    int part = 0;
  };
  std::vector<Found> found{};
  std::vector<std::string> trouble{};  // of parts that cannot be listed, in words

  // of a repository
  bool listed = false;
  std::vector<sources::TaggedImage> images{};  // chosen, from `next_image` on not yet looked at
  size_t next_image = 0;
  uint64_t left_out = 0, undated = 0, too_many = 0;
  std::vector<Item> items{};  // without a persona

  size_t got() const {
    return items.size() + next_image + parts_done.size() + found.size() + (listed ? 1 : 0);
  }
};

/// How a worker's job ended.
struct Ended {
  Status status;  // Errc::busy: see busy_for; cancelled: it was told to stop
  std::chrono::milliseconds busy_for{0};
};

/// A worker's view of sources: opened when first needed, and kept while the same are asked for. One thread's.
class Lister {
 public:
  Lister(sources::PlaceFiles places, int stop_fd) : places_(std::move(places)), stop_fd_(stop_fd) {}

  /// `farm`: platforms that its agents can run. Of an index the spec's platforms are taken, else the first of
  /// the farm's that it has.
  Ended work(Listing& listing, const Spec& spec, const std::vector<std::string>& farm, int64_t now_ns);

 private:
  using Sources = std::vector<std::unique_ptr<sources::Source>>;
  Result<Sources*> open(const sources::SourceSpec& spec);
  Ended list_source(Listing& listing, Sources& parts);
  Ended list_repository(Listing& listing, Sources& parts, const Spec& spec,
                        const std::vector<std::string>& farm, int64_t now_ns);

  sources::PlaceFiles places_;
  int stop_fd_;
  std::string opened_;  // the spec, as JSON, that `sources_` are of
  Sources sources_;
};

/// Whether a tag is no image's, but what others say of one: signatures, attestations, the fallback of the
/// referrers API (distribution-spec, "Referrers Tag Schema").
bool is_about_another(std::string_view tag);
/// Whether another try may go better.
bool may_pass(Errc code);
/// The items of one chosen image; pure. `wanted` empty: the first of `farm` that it has. Where it has none of
/// them, one that is not reached and says why.
std::vector<Item> items_of(const sources::TaggedImage& image,
                           const std::vector<sources::PlatformImage>& platforms,
                           const std::vector<std::string>& wanted, const std::vector<std::string>& farm);

}  // namespace assay::sweeps
