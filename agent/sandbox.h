// sandbox: one container under runsc (gVisor, systrap): started in its cgroup and namespaces, stopped at the deadline, and cleaned away.
// Does not decide what runs (bundle) nor when to stop (scan).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "agent/cgroup.h"
#include "common/process.h"
#include "common/result.h"

namespace assay {

struct SandboxConfig {
  std::string id;                         // container id, the scan's
  std::filesystem::path bundle_dir;       // holds config.json
  std::filesystem::path runtime_root;     // runsc --root
  std::filesystem::path pod_init_config;  // seccheck session; empty: untraced
  bool network = true;                    // --network=sandbox, else none
  const Cgroup* cgroup = nullptr;         // borrowed, outlives the sandbox; null: none
};

class Sandbox {
 public:
  /// Errors: not_found (no runsc), unsupported (this kernel or runsc cannot do it; says what to install), io.
  static Result<Sandbox> start(const SandboxConfig& config);
  Sandbox(Sandbox&&) noexcept;
  Sandbox& operator=(Sandbox&&) noexcept;
  ~Sandbox();  // destroys: kill, delete, cgroup emptied

  int pidfd() const;       // readable once the container and its runsc have ended
  int stdout_fd() const;   // non-blocking read ends of pipes; EOF when all writers are gone
  int stderr_fd() const;
  void signal(int number); // to the container's first process
  /// The status of the first process once everything has ended; nullopt while it runs.
  std::optional<ExitStatus> ended();
  /// What runsc itself printed about a failed start (its log), one line.
  std::string runtime_error() const;

 private:
  struct State;
  explicit Sandbox(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// "runsc version ..." Errc::not_found with what to install. Refuses releases known not to work, by name.
Result<std::string> runtime_version();
/// Everything a scan needs of this machine (root, runsc, BTF, cgroups, overlayfs, iproute2, skopeo), each with what to do when it is missing.
/// The first missing thing is the error.
Status check_host();

}  // namespace assay
