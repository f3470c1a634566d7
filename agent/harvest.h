// harvest: what the guest left behind in the writable layer, and where an executed binary came from.
// Everything here is hostile: no path is followed out of its root (openat2 RESOLVE_IN_ROOT), sizes and counts
// are bounded.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "common/event.h"
#include "common/result.h"

namespace assay {

/// Says of executed files whether they are the image's own. Fills sha256 and origin of start and exec events:
/// "image" (same bytes as at that path in the image), "changed", "dropped" (not in the image), "memfd" (no
/// path on any file system).
class Provenance {
 public:
  /// `image_root`: Rootfs::image(); `merged_root`: Rootfs::merged(), to hash what the event does not carry a
  /// hash of.
  static Result<Provenance> open(const std::filesystem::path& image_root,
                                 const std::filesystem::path& merged_root);
  Provenance(Provenance&&) noexcept;
  Provenance& operator=(Provenance&&) noexcept;
  ~Provenance();
  /// A start event has no path: it gets the one that argv[0] means in the image. Other kinds are left as they
  /// are.
  void annotate(Event& event);
  /// Executed files that were too large, or too many bytes in all, to be held against the image: their origin
  /// is not known.
  uint64_t left_out() const;

 private:
  struct State;
  explicit Provenance(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct HarvestLimits {
  uint64_t files = 20'000;
  uint64_t file_bytes = 256ull << 20;      // larger files are listed without a hash
  std::chrono::milliseconds time{20'000};  // what has not been looked at by then is left out
  int cancel_fd = -1;                      // readable: Errc::cancelled
};

struct HarvestCount {
  uint64_t listed = 0;
  uint64_t left_out = 0;  // beyond `files` or `time`, or nested deeper than a path can say
};

/// One `file` event for each file, directory or link the guest created, changed or deleted (a whiteout), to
/// `emit`, sorted by path. What was only opened or touched is left out. `truncated` is the size of a file
/// that was too large to be hashed; path2 a symlink's target.
/// `staged`: what was laid over the image before the guest started, and counts as the image's; empty:
/// nothing.
Result<HarvestCount> harvest(const std::filesystem::path& upper, const std::filesystem::path& image_root,
                             const std::filesystem::path& staged, const HarvestLimits& limits,
                             const std::function<void(Event)>& emit);

}  // namespace assay
