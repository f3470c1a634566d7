// evaluate: a stored trace through the rules into a report, of a scan that has just been shipped and at any
// later look.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/event.h"
#include "common/result.h"
#include "scheduler/keep.h"
#include "scheduler/score/compare.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"

namespace assay {

/// What a scan is held against: earlier ones when it is first scored; afterwards what came of that.
struct HeldAgainst {
  std::vector<Baseline> earlier;     // baseline.h
  std::vector<Comparison> compared;  // where there are none of these: as the kept report has it
};

/// Reads header, every event and footer of `scan_id`. Errc::corrupt when the stored trace is damaged.
/// `bytes`, if not null, becomes the size of its chunks, as kept.
Result<Report> evaluate(const Keep& keep, const std::string& scan_id, const RuleSet& rules,
                        HeldAgainst against, uint64_t* bytes = nullptr);
/// Of a scan that has no report yet: held against the earlier ones that are kept. `uncompared`, if not null,
/// becomes why that was not possible: it is scored all the same.
Result<Report> evaluate_first(const Keep& keep, const std::string& scan_id, const RuleSet& rules,
                              uint64_t* bytes = nullptr, std::string* uncompared = nullptr);
/// The same of a trace file, in one pass, held against nothing; `visit`, if given, sees every event, too.
/// Errors as of read_trace_file().
Result<Report> evaluate_file(const std::string& path, const RuleSet& rules,
                             const std::function<void(const Event&)>& visit = {});

}  // namespace assay
