// cleanup: what an agent that was killed left behind (run directory, cgroups, processes, runsc state, half-unpacked layers), removed at the next start.
// Living agents of the same host are recognised by the lock on their run directory and left alone.
#pragma once

#include <filesystem>
#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

/// A running agent's own place: /run/assay/<instance>/ (mode 0700, tmpfs on every Debian), locked while it lives, removed at its end.
class RunDir {
 public:
  static Result<RunDir> create(const std::filesystem::path& base = "/run/assay");
  RunDir(RunDir&&) noexcept;
  RunDir& operator=(RunDir&&) noexcept;
  ~RunDir();
  const std::filesystem::path& path() const { return path_; }
  const std::string& instance() const { return instance_; }  // names its cgroups: assay/<instance>/

 private:
  RunDir() = default;
  std::filesystem::path path_;
  std::string instance_;
  Fd lock_;
};

struct CleanupCount {
  unsigned instances = 0, processes = 0, cgroups = 0;
};
/// Removes everything of instances whose lock nobody holds, and cgroups below assay/ without an instance.
Result<CleanupCount> clean_up_dead_agents(const std::filesystem::path& base = "/run/assay");

}  // namespace assay
