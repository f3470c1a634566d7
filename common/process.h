// Children: spawn a program with bounded, explicit inheritance, wait on its pidfd, capture what it prints.
// Never a shell. A child dies with the thread that spawned it (PR_SET_PDEATHSIG) unless told otherwise, so
// that a killed agent leaves nothing running.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

/// A variable of this process's environment; empty where it is not set.
std::string environment(const char* name);

struct Command {
  std::vector<std::string> argv{};                // argv[0] is looked up in PATH and in /usr/sbin:/sbin
  std::optional<std::vector<std::string>> env{};  // NAME=value; none: the parent's
  int stdin_fd = -1;                              // -1: /dev/null. Borrowed.
  int stdout_fd = -1;                             // -1: /dev/null
  int stderr_fd = -1;
  std::vector<std::pair<int, int>>
      keep_fds{};      // (ours, number in the child), besides 0, 1, 2; everything else is closed
  int net_ns_fd = -1;  // enter this network namespace first
  std::vector<int> cgroup_procs_fds{};  // open cgroup.procs files: the child writes itself into each
  bool new_mount_ns = false;            // in a private mount namespace...
  std::vector<std::string> cover{};     // ...with an empty read-only tmpfs over each of these
  std::optional<std::pair<uid_t, gid_t>>
      drop_to{};         // setgroups, setgid, setuid, no_new_privs, no capabilities
  int death_signal = 9;  // 0: outlive us
};

/// As of wait(2): code, or 128 + signal.
struct ExitStatus {
  int code = 0;
  bool signalled = false;
  int shell_code() const { return signalled ? 128 + code : code; }
};

class Child {
 public:
  Child() = default;
  Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, 0)), pidfd_(std::move(other.pidfd_)) {}
  Child& operator=(Child&& other) noexcept;
  ~Child();  // kills with SIGKILL and reaps, if still running

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable once it has ended
  bool running() const { return pid_ > 0; }
  void kill(int signal);
  /// Waits until `deadline`; nullopt if it is still running then. Reaps.
  std::optional<ExitStatus> wait_until(std::chrono::steady_clock::time_point deadline);
  ExitStatus wait();

 private:
  pid_t pid_ = 0;
  Fd pidfd_;
};

/// Errc::not_found when argv[0] is no program; any failure between fork and exec is reported, with the step
/// that failed.
Result<Child> spawn(const Command& command);

struct Output {
  ExitStatus status;
  std::string out, err;  // each cut at limit_bytes
};
/// Runs to its end. Errc::timeout (the child is killed) after `timeout`; Errc::cancelled when `cancel_fd` >=
/// 0 becomes readable.
Result<Output> run(Command command, std::chrono::milliseconds timeout, size_t limit_bytes = 64 * 1024,
                   int cancel_fd = -1);

/// argv[0] as spawn() finds it, or Errc::not_found with the name of the Debian package to install, where we
/// know it.
Result<std::string> find_program(const std::string& name);

}  // namespace assay
