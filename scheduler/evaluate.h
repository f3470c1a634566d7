// evaluate: a stored trace through the rules into a report. The same function serves a scan that has just
// been shipped and any later look.
#pragma once

#include <functional>
#include <string>

#include "common/event.h"
#include "common/result.h"
#include "scheduler/keep.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"

namespace assay {

/// Reads header, every event and footer of `scan_id`. Errc::corrupt when the stored trace is damaged.
/// `bytes`, if not null, becomes the size of its chunks, as kept.
Result<Report> evaluate(const Keep& keep, const std::string& scan_id, const RuleSet& rules,
                        uint64_t* bytes = nullptr);
/// The same of a trace file, in one pass; `visit`, if given, sees every event, too. Errors as of
/// read_trace_file().
Result<Report> evaluate_file(const std::string& path, const RuleSet& rules,
                             const std::function<void(const Event&)>& visit = {});

}  // namespace assay
