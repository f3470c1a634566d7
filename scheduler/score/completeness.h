// completeness: whether a trace shows all that it should, and what that means for the verdict.
#pragma once

#include <cstdint>

#include "common/event.h"
#include "scheduler/score/report.h"

namespace assay {

class CompletenessBook {
 public:
  void add(const Event& event);
  /// `asked_ns`: how long the run was to be. `processes_left_out`: beyond the process tree's bound.
  Completeness judge(const TraceFooter& footer, int64_t asked_ns, uint64_t processes_left_out) const;

 private:
  uint64_t events_ = 0;
  bool started_ = false;
};

}  // namespace assay
