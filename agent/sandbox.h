// sandbox: one container under runsc (gVisor, systrap): started in its cgroup and namespaces, stopped at the
// deadline, and cleaned away. Does not decide what runs (bundle) nor when to stop (scan).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/cgroup.h"
#include "common/process.h"
#include "common/result.h"

namespace assay {

struct SandboxConfig {
  std::string id;                         // container id, the scan's
  std::filesystem::path bundle_dir;       // holds config.json; runsc's log is written here
  std::filesystem::path runtime_root;     // runsc --root
  std::filesystem::path pod_init_config;  // seccheck session; empty: untraced
  std::vector<std::string> options{};     // further ones of `runsc run`
  bool network = true;                    // --network=sandbox, else none
  bool host_sockets = false;              // the guest may connect to Unix sockets that its mounts show it
  const Cgroup* cgroup =
      nullptr;  // borrowed, outlives the sandbox; null: none, and then its orphans are the caller's to reap
};

class Sandbox {
 public:
  /// Returns as soon as runsc runs: a container that cannot start ends with a runtime_error(). Call it on a
  /// thread that outlives the sandbox: the kernel kills runsc, and runsc's processes with it, when that
  /// thread ends. Errors: not_found (no runsc), unsupported (this kernel or runsc cannot do it; says what to
  /// install), io.
  static Result<Sandbox> start(const SandboxConfig& config);
  Sandbox(Sandbox&&) noexcept;
  Sandbox& operator=(Sandbox&&) noexcept;
  ~Sandbox();  // destroys: kill, delete, cgroup emptied

  int pidfd() const;        // readable once the container and its runsc have ended
  int stdout_fd() const;    // non-blocking read ends of pipes; EOF when all writers are gone
  int stderr_fd() const;    // also carries runsc's own last words when the container cannot start
  void signal(int number);  // to the container's first process; returns at once, delivered some 30 ms later
  /// What runs a further process in the container: `runsc exec`, of the process that a file describes (see
  /// bundle.h: exec_config()). It ends when that process does; killed, it leaves it running.
  Command exec_command(const std::filesystem::path& process_json) const;
  /// The status of the first process once everything has ended; nullopt while it runs. A signal shows as code
  /// 128 + signal.
  std::optional<ExitStatus> ended();
  /// Why the container could not start, one line; empty if it did start (or runsc was killed before it could
  /// say).
  std::string runtime_error() const;

 private:
  struct State;
  explicit Sandbox(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// "runsc version ..." Errc::not_found with what to install. Refuses releases known not to work, by name.
Result<std::string> runtime_version();
/// Why `--systrap-disable-syscall-patching`, which ScanLimits::full_witness takes, cannot be had: not in this
/// runsc.
Status check_full_witness();
/// Whether `flag` is among what `runsc flags` printed. Pure.
bool offers_flag(std::string_view printed, std::string_view flag);
/// The release in what `runsc --version` prints, judged. Pure.
Result<std::string> judge_runtime_version(const std::string& printed);
/// The last error in runsc's JSON log, one printable line without its "running container: starting container:
/// " prefixes. Pure.
std::string last_runtime_error(std::string_view log);

/// Makes this process the reaper of its descendants (PR_SET_CHILD_SUBREAPER). An agent calls it once, before
/// its first sandbox: the stub processes of a dead sandbox then end as our zombies, which Sandbox reaps by
/// their cgroup, instead of waiting for a busy init; and `runsc delete` no longer takes seconds.
Status become_subreaper();

/// Everything a scan needs of this machine (root, runsc, BTF, cgroups, overlayfs, iproute2, skopeo), each
/// with what to do when it is missing. The first missing thing is the error.
Status check_host();

}  // namespace assay
