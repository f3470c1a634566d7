// findings: matches gathered per rule, correlations counted. score.h makes the score of them.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/event.h"
#include "scheduler/score/process_tree.h"
#include "scheduler/score/record.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rule.h"

namespace assay {

inline constexpr size_t kMaxEvidence = 5;

class Findings {
 public:
  /// Borrowed.
  Findings(const RuleSet::State& rules, const ProcessTree& tree)
      : rules_(rules), tree_(tree), program_(rules.program), matches_(rules.rules.size()) {}

  /// Holds every rule of the record's category against it; `event` is what it was made of.
  void evaluate(const Record& record, const Event& event);
  /// The trace has ended: what correlations judge at the end of their window is judged.
  void finish();
  /// In the order of the rules, not scored yet.
  std::vector<Finding> findings() const;

 private:
  struct Match {
    uint64_t count = 0;
    std::vector<Evidence> evidence;
    std::vector<std::string> ancestry;
    std::string layer;
    uint64_t last_event = 0;
  };
  // One group of one correlation.
  struct Window {
    std::deque<int64_t> times;                       // event_count, within reach
    std::map<std::string, int64_t> values;           // value_count: value to the last time it was seen
    std::map<size_t, int64_t> seen;                  // temporal: rule to the last time
    std::deque<std::pair<int64_t, double>> numbers;  // value_sum within reach
    std::map<std::string, uint64_t> shares;          // value_percentile: value to how often
    double sum = 0;
    uint64_t count = 0;
    int64_t closes_ns = 0;  // of one that is judged at its end
    std::vector<Evidence> evidence;
    std::unique_ptr<Record> last;  // what correlations of this one will group and count by
  };
  using WindowKey = std::pair<size_t, std::string>;

  void matched(size_t rule, const Record& record, const Evidence& evidence, int64_t now, int depth);
  void correlate(size_t rule, size_t by, const Record& record, const Evidence& evidence, int64_t now,
                 int depth);
  bool fires(const Correlation& correlation, Window& window, size_t by, const Record& record,
             int64_t now) const;
  void fired(size_t rule, std::vector<Evidence> all, const Record& record, const Evidence& evidence,
             int64_t now, int depth);
  void take(const Correlation& correlation, Window& window, size_t by, const Record& record,
            int64_t now) const;
  static bool holds_at_end(const Correlation& correlation, const Window& window);
  /// Judges the windows that have closed by then.
  void close_until(int64_t now);
  void note(size_t rule, const std::vector<Evidence>& evidence, const Evidence& last);
  std::vector<std::string> ancestry_of(int32_t pid) const;
  static bool is_measured(const RuleSet::State& rules, size_t index);

  static constexpr size_t kMaxGroups = 4096;
  const RuleSet::State& rules_;
  const ProcessTree& tree_;
  Program::Run program_;
  std::vector<Match> matches_;
  std::map<WindowKey, Window> windows_;
  std::set<std::pair<int64_t, WindowKey>> closing_;  // of windows_, those judged at their end, by it
};

/// Event, time, pid and what happened, on one bounded line.
Evidence evidence_of(const Event& event);

}  // namespace assay
