// scan_times: when a scan was, as exports write it. Pure.
#pragma once

#include <cstdint>

#include "scheduler/score/report.h"

namespace assay {

struct ScanTimes {
  int64_t start_ns = 0, end_ns = 0;  // Unix epoch; within what can be written as a date
};
/// Its end is its start and all of its phases, one after the other.
ScanTimes scan_times(const Report& report);
/// A moment of the scan, given since its start.
int64_t wall_time(const Report& report, int64_t since_start_ns);

}  // namespace assay
