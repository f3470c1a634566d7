// capacity: how long the farm needs for what waits, and how many agents it would take to be done by a given
// time. Pure arithmetic on what was measured; says what it rests on, and when there is nothing to rest on.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "scheduler/queue.h"

namespace assay {

/// Scans finished in the last while, and how long an agent was busy with each.
class ServiceRate {
 public:
  explicit ServiceRate(std::chrono::seconds window = std::chrono::minutes(10));
  /// `service_seconds`: from lease to result.
  void finished(QueueTime now, double service_seconds);

  struct Measure {
    uint64_t finished = 0;
    double mean_seconds = 0;  // of service
    double over_seconds = 0;  // the time that it was measured over: the window, or less after a start
    double per_second() const { return over_seconds > 0 ? static_cast<double>(finished) / over_seconds : 0; }
  };
  Measure measure(QueueTime now) const;

 private:
  struct Slice {
    int64_t number = 0;  // of its part of time
    uint64_t finished = 0;
    double seconds = 0;
  };
  std::chrono::nanoseconds slice_;
  std::optional<QueueTime> first_;
  std::deque<Slice> slices_;  // at most kSlices
};

struct CapacityInput {
  std::array<uint64_t, kLanes> waiting{};  // delayed ones too
  uint64_t leased = 0;
  uint64_t agents = 0;  // that may be given work
  uint64_t slots = 0;   // of those
  ServiceRate::Measure measured;
  std::optional<double> finish_in_seconds;  // the question: how many agents to be done by then
};

struct CapacityAnswer {
  /// Until the last of a lane ends, when nothing more comes; empty when it cannot be said: see `basis`.
  std::array<std::optional<double>, kLanes> lane_seconds;
  std::optional<double> seconds;  // for all
  std::optional<uint64_t>
      agents_needed;  // of the size of those there are; empty: not asked, or cannot be said
  std::string basis;  // what it rests on, in one or two sentences
};
CapacityAnswer capacity(const CapacityInput& input);

/// How many agents there should be, for a program that starts and drains them: a number always, from `least`
/// to `most`. Where nothing waits or runs, `least`. Where it cannot be said (nothing measured yet), those
/// that there are, or one. Where no number is enough for the time given, and never more than that: a slot for
/// each scan.
uint64_t agents_to_have(const CapacityInput& input, const CapacityAnswer& answer, uint64_t least,
                        uint64_t most);

}  // namespace assay
