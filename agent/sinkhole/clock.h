// The wall clock, in the unit of reports.
#pragma once

#include <ctime>

#include <cstdint>

namespace assay::sinkhole {

inline int64_t wall_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

}  // namespace assay::sinkhole
