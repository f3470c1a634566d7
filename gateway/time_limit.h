// time_limit: a descriptor that is readable once a time has come, or another descriptor is: what ends clients
// that know one descriptor to stop by (sources/http.h).
#pragma once

#include <chrono>

#include "common/fd.h"
#include "common/result.h"

namespace assay::gateway {

class TimeLimit {
 public:
  using Clock = std::chrono::steady_clock;

  /// `stop_fd`: borrowed; -1: none.
  static Result<TimeLimit> until(Clock::time_point deadline, int stop_fd);

  int fd() const { return both_.get(); }
  Clock::time_point deadline() const { return deadline_; }

 private:
  TimeLimit(Fd timer, Fd both, Clock::time_point deadline)
      : timer_(std::move(timer)), both_(std::move(both)), deadline_(deadline) {}

  Fd timer_, both_;
  Clock::time_point deadline_;
};

}  // namespace assay::gateway
