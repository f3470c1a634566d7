// behaviour_doers: who is behind a fact of a report: the process that had a pid at a time, the layer that
// brought it, and the step of the run plan that had started it or one above it. Pure. Internal to behaviour.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scheduler/score/report.h"

namespace assay {

struct Doer {
  std::string by, layer, step;  // as in Fact
};

/// What a step is known by in any run, and how it ended: "executable /usr/bin/id: exited 0".
std::string step_text(const PlanStep& step);

class Doers {
 public:
  /// Borrowed.
  explicit Doers(const Report& report);
  /// Of the process at an index of the report's list.
  const Doer& at(size_t index) const { return doers_[index]; }
  /// Of the one that had the pid then; `time_ns` -1: of the first that had it. Empty: not known.
  Doer of(int32_t pid, int64_t time_ns) const;
  /// Of the process that had its pid and program.
  Doer of(const Actor& actor) const;
  /// When that one began; -1: not known.
  int64_t start_ns(const Actor& actor) const;
  /// The program of the process above the one at an index; empty: there is none, or the plan started it.
  std::string starter_of(size_t index) const;
  std::string layer(uint32_t number) const;  // 1 is the first; empty: none, or not known

 private:
  size_t find(int32_t pid, int64_t time_ns) const;
  size_t find(const Actor& actor) const;  // by its program, else by its pid alone

  const Report& report_;
  std::map<int32_t, std::vector<size_t>> by_pid_;  // indices, in order of start
  std::vector<size_t> parents_;                    // by index
  std::vector<Doer> doers_;                        // likewise
};

}  // namespace assay
