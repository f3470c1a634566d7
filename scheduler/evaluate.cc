// One pass over a stored trace.
#include "scheduler/evaluate.h"

#include <optional>

#include "common/trace_file.h"
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

Result<Report> evaluate_file(const std::string& path, const RuleSet& rules,
                             const std::function<void(const Event&)>& visit) {
  std::optional<Scorer> scorer;  // wants the header, which a file hands out before its first chunk
  TraceVisit scored;
  scored.header = [&](const TraceHeader& header) {
    scorer.emplace(rules, header);
    return Status();
  };
  scored.chunk = [&](std::string_view, const std::vector<Event>& events) {
    for (const Event& event : events) {
      scorer->add(event);
      if (visit) visit(event);
    }
    return Status();
  };
  ASSAY_TRY(TraceFile file, read_trace_file(path, scored));
  return scorer->finish(file.footer);
}

}  // namespace assay
