// order: what the user wants scanned: lists of references, manifests, how each image is to be run; and the
// request bodies that say so (docs/api.md). Pure. Everything wrong in a list is found before anything is
// sent, each with its place.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/job.h"
#include "common/result.h"
#include "common/submission.h"

namespace assay::cli {

inline constexpr size_t kMaxOrderBytes = 64 << 20;  // of a list or manifest
inline constexpr size_t kSliceImages = 1000;        // in one request for scans: the API's bound
inline constexpr size_t kSliceBytes = 1 << 20;      // of it: the scheduler takes that much whole, or nothing
inline constexpr size_t kMaxComplaints = 20;        // about one file; the rest is counted

/// How images are to be scanned. What is not set is left to the manifest, or to the scheduler.
struct Wish {
  std::optional<std::chrono::milliseconds> duration, extension;
  std::optional<NetworkMode> network;
  std::optional<Lane> lane;
  std::optional<uint32_t> cpu_millis;
  std::optional<uint64_t> memory_bytes;
  std::vector<Persona> personas;  // several: each image is scanned as often; none: not set
  bool insecure = false, fresh = false, no_provoke = false;
  std::string auth_file, expect, platform;
  Labels labels;
};

/// "team=web". Errc::invalid names the text and the rule.
Result<std::pair<std::string, std::string>> parse_label(std::string_view text);
/// A verdict's name, or Errc::invalid.
Result<std::string> parse_expectation(std::string_view text);
/// "1.5" as 1500 thousandths.
Result<uint32_t> parse_cpus(std::string_view text);

/// What is wrong with a file, as far as it was read.
struct Complaints {
  std::vector<Error> list;  // at most kMaxComplaints
  size_t more = 0;

  void add(const std::string& place, const std::string& what);
  bool empty() const { return list.empty(); }
};

/// One reference a line; "#" begins a comment, at the start of a line or after white space. `name` is for the
/// complaints.
std::vector<std::string> read_list(std::string_view text, const std::string& name, Complaints& complaints);

/// A wish for each of its personas.
std::vector<Wish> for_each_persona(const Wish& wish);

/// How many of the references from `first` on go into one request; at least one.
size_t slice_images(const std::vector<std::string>& refs, size_t first, const Wish& wish);
/// The body of POST /v1/scans.
std::string scans_body(const std::string* refs, size_t count, const Wish& wish);

/// The body of POST /v1/batches, and the references in its order.
struct BatchOrder {
  std::string body, name;
  std::vector<std::string> refs;
};
/// From a JSON manifest {name, labels, lane, defaults, images}, or, when it does not begin with "{", from a
/// list. `wish` and `batch_name` (unless empty) override what the manifest says for all; an image's own
/// fields stay.
BatchOrder read_manifest(std::string_view text, const std::string& name, const Wish& wish,
                         const std::string& batch_name, Complaints& complaints);

}  // namespace assay::cli
