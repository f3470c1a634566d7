// cgroup: one scan's control group: limits, membership, freezing, accounting. Cgroup v1 (one directory per controller, plus a v2 one for
// BPF's cgroup id where v2 is mounted beside it) and v2 alone. Removed, with every process in it, when it goes out of scope.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

struct CgroupLimits {
  uint64_t memory_bytes = 2ull << 30;
  double cpus = 0;        // 0: no limit
  uint64_t pids = 4096;   // host tasks: the guest's threads have stubs there
};

class Cgroup {
 public:
  /// `name` as "assay/<instance>/<scan>".
  static Result<Cgroup> create(const std::string& name, const CgroupLimits& limits);
  Cgroup(Cgroup&&) noexcept;
  Cgroup& operator=(Cgroup&&) noexcept;
  ~Cgroup();

  uint64_t id() const { return id_; }  // as bpf_get_current_cgroup_id() gives it
  std::vector<int> procs_fds() const;  // for Command::cgroup_procs_fds
  void kill_all();                     // SIGKILL to every process in it, until there is none
  uint64_t memory_peak_bytes() const;
  uint64_t cpu_ns() const;

 private:
  Cgroup() = default;
  void remove();
  std::vector<std::string> dirs_;
  std::vector<Fd> procs_;
  uint64_t id_ = 0;
};

}  // namespace assay
