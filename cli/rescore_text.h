// rescore_text: a rescored scan as text and as JSON, for the scans of this host and those of a farm.
#pragma once

#include <string>

#include "cli/options.h"
#include "scheduler/rescore.h"

namespace assay::cli {

/// Counted the same way here and there.
struct RescoreTotals {
  uint64_t evaluated = 0, changed = 0, applied = 0, shared = 0, unfinished = 0, pruned = 0, damaged = 0;
  bool dry = true;
};

/// "ID  clean 12 -> malicious 95  nginx:1.25" and a line for each reason. Hostile bytes are made printable.
std::string rescored_text(const std::string& scan_id, const std::string& ref, const RescoreChange& change);
/// rescore_json() with the reference, a line.
std::string rescored_json(const std::string& scan_id, const std::string& ref, const RescoreChange& change,
                          bool applied);
std::string totals_text(const RescoreTotals& totals);
std::string totals_json(const RescoreTotals& totals);

/// What the API answers. Errc::corrupt names the field.
Result<RescoreChange> read_rescored(std::string_view json);

}  // namespace assay::cli
