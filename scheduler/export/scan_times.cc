// Sums that cannot overflow, and a calendar.
#include "scheduler/export/scan_times.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

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

std::string scan_time_text(int64_t time_ns) {
  using namespace std::chrono;
  sys_time<milliseconds> at(milliseconds(sum(time_ns, 0) / 1'000'000));
  auto day = floor<days>(at);
  year_month_day date(day);
  hh_mm_ss clock(at - day);
  char out[32];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return out;
}

}  // namespace assay
