// One pass over a stored trace.
#include "scheduler/evaluate.h"

#include "scheduler/score/scorer.h"

namespace assay {

Result<Report> evaluate(const Keep& keep, const std::string& scan_id, const RuleSet& rules, uint64_t* bytes) {
  ASSAY_TRY(TraceHeader header, keep.header(scan_id));
  ASSAY_TRY(TraceFooter footer, keep.footer(scan_id));
  Scorer scorer(rules, header);
  ASSAY_CHECK(keep.each_event(
      scan_id, [&](const Event& event) { scorer.add(event); }, bytes));
  return scorer.finish(footer);
}

}  // namespace assay
