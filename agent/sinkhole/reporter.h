// reporter: the sinkhole's end of the report channel: never blocks, limits the rate, counts what could not be
// told.
#pragma once

#include <chrono>
#include <cstdint>

#include "agent/sinkhole/report.h"

namespace assay::sinkhole {

class Reporter {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr uint64_t kPerSecond = 2000;
  static constexpr uint64_t kBurst = 8000;

  explicit Reporter(int fd, Clock::time_point now) : fd_(fd), refilled_(now) {}
  void send(Report report, Clock::time_point now);
  void lose(uint64_t count) { seen_ += count, lost_ += count; }
  void push_out() { ++pushed_out_; }
  void cut() { ++cut_; }
  /// The totals, if they changed since they were last told. `patience`: how long to wait for room in the
  /// channel.
  void send_counters(int64_t wall_ns, std::chrono::milliseconds patience);

 private:
  bool put(const Report& report);
  void put_totals(Report& report) const;
  int fd_;
  Clock::time_point refilled_;
  uint64_t tokens_ = kBurst;
  uint64_t seen_ = 0, lost_ = 0, dropped_ = 0, pushed_out_ = 0, cut_ = 0;
  uint64_t told_ = 0;  // the sum of what has been told of these but seen_
};

}  // namespace assay::sinkhole
