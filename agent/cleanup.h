// cleanup: what an agent that was killed left behind (run directory, mounts, cgroups, processes, runsc
// state), removed at the next start. Living agents of the same host are recognised by the lock on their run
// directory and left alone. Half-unpacked layers are LayerStore's.
#pragma once

#include <filesystem>
#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

/// A running agent's own place: /run/assay/<instance>/ (mode 0700, tmpfs on every Debian), locked while it
/// lives, removed at its end. Everything else of the agent that lives there or in its cgroups must have ended
/// by then.
class RunDir {
 public:
  /// Errors: denied, io, no_space; each names the directory.
  static Result<RunDir> create(const std::filesystem::path& base = "/run/assay");
  RunDir(RunDir&&) noexcept;
  RunDir& operator=(RunDir&&) noexcept;
  ~RunDir();
  const std::filesystem::path& path() const { return path_; }
  /// Names its cgroups: assay/<instance>/. Begins with a mark of its base directory, so that agents with
  /// another base are never taken for dead ones of this.
  const std::string& instance() const { return instance_; }

 private:
  RunDir() = default;
  void remove();
  std::filesystem::path path_;
  std::string instance_;
  Fd lock_;
};

struct CleanupCount {
  unsigned instances = 0, processes = 0, cgroups = 0, mounts = 0;
};
/// Removes everything of instances whose lock nobody holds, and cgroups of this base's instances that have no
/// directory any more.
Result<CleanupCount> clean_up_dead_agents(const std::filesystem::path& base = "/run/assay");

}  // namespace assay
