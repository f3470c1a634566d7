// One pass over a stored trace.
#include "scheduler/evaluate.h"

#include <optional>

#include "common/trace_file.h"
#include "scheduler/baseline.h"
#include "scheduler/score/scorer.h"

namespace assay {

Result<Report> evaluate(const Keep& keep, const std::string& scan_id, const RuleSet& rules,
                        HeldAgainst against, uint64_t* bytes) {
  ASSAY_TRY(TraceHeader header, keep.header(scan_id));
  ASSAY_TRY(TraceFooter footer, keep.footer(scan_id));
  Scorer scorer(rules, header);
  scorer.hold_against(std::move(against.earlier));
  scorer.hold_compared(std::move(against.compared));
  ASSAY_CHECK(keep.each_event(
      scan_id, [&](const Event& event) { scorer.add(event); }, bytes));
  return scorer.finish(footer);
}

Result<Report> evaluate_first(const Keep& keep, const std::string& scan_id, const RuleSet& rules,
                              uint64_t* bytes, std::string* uncompared) {
  ASSAY_TRY(ScanRecord scan, keep.scan(scan_id));
  ASSAY_TRY(TraceHeader header, keep.header(scan_id));
  HeldAgainst against;
  if (auto earlier = find_baselines(keep, scan, header.image))
    against.earlier = std::move(*earlier);
  else if (uncompared != nullptr)
    *uncompared = earlier.error().what;
  return evaluate(keep, scan_id, rules, std::move(against), bytes);
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
