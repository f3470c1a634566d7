// starvation: how much of a run's time a busy host took: when all that the sandbox wanted to do waited for a
// processor or a disk, and when those waited whom it waits for: the threads that read what it reports.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/cgroup.h"

namespace assay {

/// The second number of a /proc/PID/schedstat (Documentation/scheduler/sched-stats.rst): time that the thread
/// could have run and did not, in nanoseconds. Pure; 0 for any other text.
uint64_t run_delay_ns(std::string_view schedstat);

class Starvation {
 public:
  using Clock = std::chrono::steady_clock;

  /// Counts from here on. `threads` of this process; `cgroup` is borrowed.
  Starvation(const Cgroup& cgroup, std::vector<pid_t> threads, Clock::time_point now);
  struct Taken {
    std::chrono::nanoseconds sandbox{0};  // the sandbox itself waited
    std::chrono::nanoseconds all{0};      // it, or a thread that reads for it, whatever there was to read
  };
  /// What was taken until now. Waits at the same time count twice, but never for more than has gone by.
  Taken look(Clock::time_point now);

 private:
  uint64_t threads_waited_ns() const;

  const Cgroup& cgroup_;
  std::vector<pid_t> threads_;
  Clock::time_point looked_;
  uint64_t sandbox_ns_, threads_ns_;  // until then
  Taken taken_;
};

}  // namespace assay
