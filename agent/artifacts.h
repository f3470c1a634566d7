// artifacts: which files of a scan are worth keeping for whoever looks into it later: what the guest dropped
// or changed, what was executed first. Pure but for the descriptors that it is given to hold. Fed by the
// chamber with every event; artifacts_pack makes the archive.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "common/event.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay {

struct ArtifactLimits {
  uint64_t total_bytes = 32ull << 20;  // of contents, before compression; 0: nothing is kept
  uint64_t file_bytes = 16ull << 20;
  size_t files = 2000;
  size_t index_bytes = 512 * 1024;  // what footers take for the names: codec_trace's bound is 1 MiB in all
};

/// "32M", "0": at most 1 GiB. Errc::invalid names the text.
Result<uint64_t> parse_artifact_bytes(std::string_view text);

struct ArtifactCandidate {
  std::string path;       // in the guest
  std::string sha256;     // empty: not known yet
  std::string file_type;  // "elf", "script"...
  std::string origin;     // "dropped", "changed"; else what it was: "memfd", "deleted"
  uint64_t size_bytes = 0;
  bool executed = false;
  int fd = -1;  // borrowed from the book; -1: it lies in the writable layer
};

struct ArtifactChoice {
  std::vector<ArtifactCandidate> kept;  // in the order in which they are packed
  uint64_t left_out = 0;                // beyond the bounds
};

class ArtifactBook {
 public:
  /// Start and exec events count, as provenance has annotated them, and file events of what was left behind;
  /// others are passed over.
  void note(const Event& event);
  /// A file that no path of the writable layer leads to: the body of a memory file, an executable that has
  /// deleted itself. `fd` is open for reading; what is no regular file is left out. Beyond 64 they are only
  /// counted.
  void add(const std::string& path, Fd fd, const std::string& origin, bool executed);

  /// Executed ones first, then ELF files, scripts, and the rest; of each the smallest first. Equal contents
  /// count once. Empty files are no loss, and none is kept.
  ArtifactChoice choose(const ArtifactLimits& limits) const;
  /// How many could be chosen.
  uint64_t candidates() const { return files_.size() + held_.size() + unseen_; }

 private:
  static constexpr size_t kMaxFiles = 20'000, kMaxExecuted = 4096, kMaxHeld = 64;
  struct Held {
    ArtifactCandidate file;
    Fd fd;
  };
  void ran(const Event& event);
  bool was_executed(const ArtifactCandidate& file) const;

  std::vector<ArtifactCandidate> files_;
  std::vector<Held> held_;
  std::set<std::string> executed_;  // paths and digests of what was not the image's
  std::set<std::string> scripts_;   // paths that interpreters were given
  uint64_t unseen_ = 0;             // candidates that there was no place for
};

/// "0007_sh" for the seventh file of a path that ends in "/sh": unique by its number, and safe wherever it is
/// unpacked, whatever the guest called it.
std::string artifact_name(size_t number, const std::string& path);

}  // namespace assay
