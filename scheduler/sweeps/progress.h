// progress: how far a run is, and what it takes to be done in time, as JSON for who asks. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scheduler/sweeps/active_run.h"

namespace assay::sweeps {

struct SlotsNeeded {
  std::optional<uint64_t>
      slots;  // for these scans alone; nothing: no scan has been measured yet, or it is too late
  std::string basis;
};
/// Slots that end `scans` scans of `service_s` seconds each within `seconds_left`.
SlotsNeeded slots_needed(uint64_t scans, std::optional<double> service_s, int64_t seconds_left);

/// `capacity`: what the loop answered to ask::kCapacity; docs/openapi.yaml has the fields.
std::string progress_json(const ActiveRun& run, const std::map<std::string, Time>& quiet, Time now,
                          int64_t now_s, std::string_view capacity);
/// The part of it that tells of capacity; "null" without a deadline.
std::string capacity_json(const ActiveRun& run, int64_t now_s, std::string_view capacity);

}  // namespace assay::sweeps
