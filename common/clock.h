// The wall clock in the unit of traces: nanoseconds since the Unix epoch. For edges only; the pure core takes
// `now`.
#pragma once

#include <chrono>
#include <cstdint>

namespace assay {
inline int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}
}  // namespace assay
