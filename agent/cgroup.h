// cgroup: one scan's control group: limits, membership, accounting. Cgroup v1 (one directory per controller,
// plus a v2 one for BPF's cgroup id where v2 is mounted beside it) and v2 alone. Removed, with every process
// in it, when it goes out of scope.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

struct CgroupLimits {
  uint64_t memory_bytes = 2ull << 30;
  double cpus = 0;       // 0: no limit
  uint64_t pids = 4096;  // host tasks: the guest's threads have stubs there
};

/// One mounted hierarchy. v1: its controllers ("cpu", "cpuacct"); v2: those that its root offers.
struct CgroupMount {
  std::string dir;
  bool v2 = false;
  std::vector<std::string> controllers;
};
/// The cgroup mounts of a /proc/<pid>/mountinfo (proc_pid_mountinfo(5)), each hierarchy once. Pure; v2's
/// controllers stay empty.
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo);
/// Those of this host that matter to a scan: v2 if mounted, and v1's with memory, cpu, cpuacct or pids.
Result<std::vector<CgroupMount>> cgroup_mounts();

/// SIGKILL to every process in `dir` and below (never to ourselves), until there is none, for at most two
/// seconds. Returns how many different processes were signalled where they had to be signalled one by one.
unsigned kill_cgroup(const std::string& dir);
/// rmdir of `dir` and everything below, children first; waits a little for dying processes to leave. True
/// when it is gone.
bool remove_cgroup(const std::string& dir);

/// "full avg10=0.00 ... total=MICROSECONDS" of a pressure file's text; 0 where it has none. Pure.
uint64_t full_stall_ns(std::string_view pressure);

class Cgroup {
 public:
  /// `name` as "assay/<instance>/<scan>". Errors: unsupported (no hierarchy offers memory, cpu or pids),
  /// denied, invalid (exists).
  static Result<Cgroup> create(const std::string& name, const CgroupLimits& limits);
  Cgroup(Cgroup&&) noexcept;
  Cgroup& operator=(Cgroup&&) noexcept;
  ~Cgroup();

  uint64_t id() const { return id_; }  // as bpf_get_current_cgroup_id() gives it; 0 where v2 is not mounted
  std::vector<int> procs_fds() const;  // for Command::cgroup_procs_fds
  void kill_all() const;               // SIGKILL to every process in it, until there is none
  /// Reaps dead members that were left to us as their subreaper, but for `except`, which somebody else waits
  /// for.
  void reap_orphans(pid_t except) const;
  uint64_t memory_peak_bytes() const;
  uint64_t cpu_ns() const;
  uint64_t oom_kills() const;
  uint64_t pids_refused() const;  // forks beyond the bound
  uint64_t throttled_ns() const;  // time that its quota took from it
  /// Time in which everything in it that wanted to run waited for a processor or a disk, and nothing ran:
  /// other loads' doing. The kernel's pressure stall information (Documentation/accounting/psi.rst); 0
  /// without it.
  uint64_t starved_ns() const;

 private:
  Cgroup() = default;
  void remove();
  std::string name_;
  std::vector<std::string> dirs_;
  std::vector<Fd> procs_;
  uint64_t id_ = 0;
};

}  // namespace assay
