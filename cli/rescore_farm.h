// rescore_farm: assay rescore over a farm's API: a dry run of each scan, and an order for those that change.
#pragma once

#include <functional>

#include "cli/remote.h"
#include "cli/rescore_text.h"

namespace assay::cli {

struct FarmRescoring {
  ScanFilter filter;
  std::vector<std::string> scan_ids;  // empty: all that fit
  bool all_changes = false, apply = false;
};
using FarmRescored = std::function<void(const std::string& scan_id, const std::string& ref,
                                        const RescoreChange& change, bool applied)>;

/// Errors: those of the server, but for what it says of one scan alone.
Result<RescoreTotals> rescore_farm(const Remote& remote, const FarmRescoring& wanted,
                                   const FarmRescored& tell,
                                   const std::function<void(uint64_t done, uint64_t of)>& progress);

}  // namespace assay::cli
