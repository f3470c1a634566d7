// Token buckets and sums.
#include "agent/egress/caps.h"

#include <algorithm>

namespace assay::egress {
namespace {

constexpr uint64_t kLeastBurst = 65'536;  // a datagram of the largest size passes at any rate
constexpr uint64_t kFreshBurst = 4;       // seconds' worth: programs begin with many connections at once
constexpr int64_t kMaxFillMs = 60'000;

uint64_t rate_burst(uint64_t per_second) { return std::max(kLeastBurst, per_second / 4); }

}  // namespace

TokenBucket::TokenBucket(uint64_t per_second, uint64_t burst, Clock::time_point now)
    : per_second_(per_second), burst_(burst), level_(burst), filled_(now) {}

uint64_t TokenBucket::level(Clock::time_point now) {
  auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - filled_).count();
  if (elapsed <= 0) return level_;
  // What whole milliseconds bring; a rest of one is kept for the next time.
  uint64_t fresh = static_cast<uint64_t>(std::min(elapsed, kMaxFillMs)) * per_second_ / 1000;
  if (fresh == 0 && level_ < burst_) return level_;
  level_ = std::min(burst_, level_ + fresh);
  filled_ = now;
  return level_;
}

Caps::Caps(const CapLimits& limits, Clock::time_point now)
    : limits_(limits),
      rate_{TokenBucket(limits.bytes_per_second, rate_burst(limits.bytes_per_second), now),
            TokenBucket(limits.bytes_per_second, rate_burst(limits.bytes_per_second), now)},
      fresh_(limits.new_per_second, uint64_t{limits.new_per_second} * kFreshBurst, now) {}

uint64_t Caps::allowance(Way way, uint64_t wanted, Clock::time_point now) {
  if (used_up()) return 0;
  return std::min({wanted, rate_[static_cast<size_t>(way)].level(now), limits_.bytes - moved_});
}

void Caps::spend(Way way, uint64_t bytes) {
  rate_[static_cast<size_t>(way)].take(bytes);
  moved_ += bytes;
}

Reason Caps::open(Kind kind, Clock::time_point now) {
  if (used_up()) {
    refuse_bytes();
    return Reason::bytes;
  }
  uint32_t& count = open_[static_cast<size_t>(kind)];
  if (count >= limits_.connections || fresh_.level(now) == 0) {
    ++connections_refused_;
    return Reason::connections;
  }
  fresh_.take(1);
  ++count;
  return Reason::none;
}

}  // namespace assay::egress
