// scorer: events in, report out. Pure; one pass; bounded memory. Rules come compiled; see rules.h.
#pragma once

#include <memory>
#include <string>

#include "common/trace.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"

namespace assay {

class Scorer {
 public:
  /// `rules` is borrowed and outlives the scorer.
  Scorer(const RuleSet& rules, const TraceHeader& header);
  ~Scorer();
  void add(const Event& event);  // in order of seq
  Report finish(const TraceFooter& footer);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay
