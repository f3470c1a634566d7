// world_events: what the sinkhole reports, as events. Pure.
#pragma once

#include <cstdint>

#include "agent/sinkhole/report.h"
#include "common/event.h"

namespace assay {

/// Not for reports of kind counters. `start_time_ns`: the scan's, wall clock.
Event event_of(sinkhole::Report&& report, int64_t start_time_ns);

}  // namespace assay
