// The wall clock since the Unix epoch, in nanoseconds as traces have it, or in seconds. For edges only; the
// pure core takes `now`.
#pragma once

#include <chrono>
#include <cstdint>

namespace assay {
inline int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}
inline int64_t wall_s() { return wall_ns() / 1'000'000'000; }
}  // namespace assay
