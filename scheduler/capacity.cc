// Work is jobs times what one takes; the farm does as many seconds of it in a second as it has slots.
#include "scheduler/capacity.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace assay {

namespace {

constexpr int64_t kSlices = 60;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.1f" : "%.0f", value);
  return text;
}

std::string count(uint64_t value, const char* what) {
  return std::to_string(value) + " " + what + (value == 1 ? "" : "s");
}

// Seconds of service that are still to be given to the lanes down to this one. Who has a lease is half
// through, on average.
double work(const CapacityInput& input, size_t lane) {
  double jobs = static_cast<double>(input.leased) / 2;
  for (size_t i = 0; i <= lane; ++i) jobs += static_cast<double>(input.waiting[i]);
  return jobs * input.measured.mean_seconds;
}

void find_agents_needed(const CapacityInput& input, CapacityAnswer& answer) {
  double mean = input.measured.mean_seconds, limit = *input.finish_in_seconds;
  double slots_each = static_cast<double>(input.slots) / static_cast<double>(input.agents);
  double total = work(input, kLanes - 1);
  if (total > 0 && limit < mean) {
    answer.basis += "; no number of agents can do it: one scan takes longer than the time that is given";
    return;
  }
  answer.agents_needed = total == 0 ? 0 : static_cast<uint64_t>(std::ceil(total / limit / slots_each));
}

}  // namespace

ServiceRate::ServiceRate(std::chrono::seconds window)
    : slice_(std::chrono::nanoseconds(std::max(window, std::chrono::seconds(1))) / kSlices) {}

void ServiceRate::finished(QueueTime now, double service_seconds) {
  int64_t slice = now.time_since_epoch() / slice_;
  if (!first_) first_ = now;
  if (slices_.empty() || slices_.back().number < slice) slices_.push_back({slice, 0, 0});
  while (slices_.front().number <= slice - kSlices) slices_.pop_front();
  slices_.back().finished += 1;
  slices_.back().seconds += std::max(service_seconds, 0.0);
}

ServiceRate::Measure ServiceRate::measure(QueueTime now) const {
  Measure measure;
  if (!first_) return measure;
  int64_t newest = now.time_since_epoch() / slice_;
  double seconds = 0;
  for (const Slice& slice : slices_) {
    if (slice.number <= newest - kSlices) continue;
    measure.finished += slice.finished;
    seconds += slice.seconds;
  }
  if (measure.finished > 0) measure.mean_seconds = seconds / static_cast<double>(measure.finished);
  auto over = std::min<std::chrono::nanoseconds>(std::max(now - *first_, slice_), slice_ * kSlices);
  measure.over_seconds = std::chrono::duration<double>(over).count();
  return measure;
}

CapacityAnswer capacity(const CapacityInput& input) {
  CapacityAnswer answer;
  bool nothing = input.leased == 0;
  for (uint64_t waiting : input.waiting) nothing &= waiting == 0;
  if (nothing) {
    answer.seconds = 0;
    answer.lane_seconds.fill(0.0);
    if (input.finish_in_seconds) answer.agents_needed = 0;
    answer.basis = "nothing waits or runs";
    return answer;
  }
  if (input.measured.finished == 0) {
    answer.basis = "nothing has been measured yet: no scan has finished lately";
    return answer;
  }
  answer.basis = "a scan takes " + number(input.measured.mean_seconds) + " s (mean of " +
                 std::to_string(input.measured.finished) + " that finished in the last " +
                 number(input.measured.over_seconds) + " s); " + count(input.agents, "agent") + " with " +
                 count(input.slots, "slot");
  if (input.slots == 0 || input.agents == 0) return answer;
  for (size_t i = 0; i < kLanes; ++i)
    answer.lane_seconds[i] = work(input, i) / static_cast<double>(input.slots);
  answer.seconds = answer.lane_seconds[kLanes - 1];
  if (input.finish_in_seconds) find_agents_needed(input, answer);
  return answer;
}

uint64_t agents_to_have(const CapacityInput& input, const CapacityAnswer& answer, uint64_t least,
                        uint64_t most) {
  uint64_t backlog = input.leased;
  for (uint64_t waiting : input.waiting) backlog += waiting;
  double slots_each = input.agents == 0 ? 1
                                        : static_cast<double>(std::max<uint64_t>(input.slots, 1)) /
                                              static_cast<double>(input.agents);
  auto one_each = static_cast<uint64_t>(std::ceil(static_cast<double>(backlog) / slots_each));
  uint64_t wanted = 0;
  if (answer.agents_needed)
    wanted = std::min(*answer.agents_needed, one_each);
  else if (!answer.seconds || !input.finish_in_seconds)
    wanted = std::max<uint64_t>(input.agents, 1);
  else
    wanted = one_each;
  return std::clamp(wanted, std::min(least, most), most);
}

}  // namespace assay
