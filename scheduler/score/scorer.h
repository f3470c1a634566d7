// scorer: events in, report out. Pure; one pass; bounded memory. Rules come compiled; see rules.h.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/trace.h"
#include "scheduler/score/compare.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"

namespace assay {

/// What is wanted of a trace: all that a report says, or only which rules match it. For the latter nothing is
/// kept up that no category of the rules can ask about.
enum class Yield : uint8_t { report, findings };

class Scorer {
 public:
  /// `rules` is borrowed and outlives the scorer.
  Scorer(const RuleSet& rules, const TraceHeader& header, Yield yield = Yield::report);
  ~Scorer();
  /// Before finish(): what the scan is held against, in the order in which the report is to tell of it.
  void hold_against(std::vector<Baseline> earlier);
  /// Instead: comparisons that were made already, when the scan was first scored. They are kept as they are,
  /// and rules see them.
  void hold_compared(std::vector<Comparison> compared);
  void add(const Event& event);  // in order of seq
  Report finish(const TraceFooter& footer);
  /// Instead of finish(): the rules that match, in the order of the set, with the counts that a report would
  /// have. They are not scored; nothing is compared.
  std::vector<Finding> finish_findings(const TraceFooter& footer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay
