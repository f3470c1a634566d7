// Sums that cannot overflow.
#include "scheduler/export/scan_times.h"

#include <algorithm>

namespace assay {
namespace {

constexpr int64_t kMostNs = 9'000'000'000'000'000'000;  // year 2255: 64 bits of nanoseconds hold little more

int64_t sum(int64_t a, int64_t b) {
  a = std::clamp<int64_t>(a, 0, kMostNs);
  b = std::clamp<int64_t>(b, 0, kMostNs);
  return a > kMostNs - b ? kMostNs : a + b;
}

}  // namespace

ScanTimes scan_times(const Report& report) {
  ScanTimes times;
  times.start_ns = times.end_ns = sum(report.header.start_time_ns, 0);
  for (const PhaseTime& phase : report.footer.phases) times.end_ns = sum(times.end_ns, phase.duration_ns);
  return times;
}

int64_t wall_time(const Report& report, int64_t since_start_ns) {
  return sum(report.header.start_time_ns, since_start_ns);
}

}  // namespace assay
