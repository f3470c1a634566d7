// orders: what the API asks of the sweeper (wire::Ask to its endpoint, answered by wire::Answer): JSON both
// ways, statuses HTTP's, as scheduler/ask.h has it for the loop. An answer comes once what was ordered is on
// disk. Reading (lists, reports) needs no order: records.h.
#pragma once

#include <string_view>

namespace assay::sweeps {

/// {"tenant", "spec": {...}, "replace": bool} -> {"name"}. 409: there is one of this name (replace: none).
inline constexpr std::string_view kPut = "sweep_put";
/// {"name"} -> {"name"}; a run under way is stopped, its scans go on. 404.
inline constexpr std::string_view kRemove = "sweep_remove";
/// {"name", "paused": bool} -> {"name", "paused"}: while paused nothing is due; a run under way lists and
/// submits nothing more until it is resumed.
inline constexpr std::string_view kPause = "sweep_pause";
/// {"name"} -> {"name", "run_id"}: a run begins now. 409: one is under way, or it is paused.
inline constexpr std::string_view kRun = "sweep_run";
/// {"name"} -> {"name", "next_due_s" (or null), "run": null or what progress_json() makes of the run under
/// way (progress.h)}. From memory. 404.
inline constexpr std::string_view kStatus = "sweep_status";

}  // namespace assay::sweeps
