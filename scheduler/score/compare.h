// compare: the scan held against earlier ones while it is scored: what a report says under `compared`, and
// the records of category `change` that rules see of it. Pure; which scans are the earlier ones is
// baseline.h's.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "scheduler/score/behaviour.h"
#include "scheduler/score/record.h"
#include "scheduler/score/report.h"

namespace assay {

/// An earlier image, by one scan of it or several: what any of them did is not new.
struct Baseline {
  std::string relation;              // "previous", "base"
  std::string scan_id, ref, digest;  // of the newest of the scans; `ref` as a person knows the image
  std::vector<Behaviour> scans;
};

/// One comparison for each, in their order. `after` is of the scan itself.
std::vector<Comparison> compare_with(std::span<const Baseline> earlier, const Behaviour& after);

/// A record for each thing that was added, but for findings, which rules make themselves; and whose doing it
/// was (0: not known). `report` is the scan's own, printable. Records die with the call.
void observe_changes(const std::vector<Comparison>& compared, const Report& report,
                     const std::function<void(const Record&, int32_t pid)>& emit);

}  // namespace assay
