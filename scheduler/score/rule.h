// rule: a compiled detection or correlation rule. Internal to score; rules.h is what others see.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/score/condition.h"
#include "scheduler/score/match.h"
#include "scheduler/score/record.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"
#include "scheduler/score/yaml.h"

namespace assay {

/// A named selection: any of its alternatives, each of which is all of its items.
struct Selection {
  std::vector<std::vector<Item>> alternatives;
  bool matches(const Record& record) const;
};

struct Detection {
  std::vector<Selection> selections;
  Condition condition;
  bool matches(const Record& record) const;
};

/// Sigma's correlation rules, streaming: fires when within `timespan_ns` and one group...
struct Correlation {
  enum class Type { event_count, value_count, temporal, temporal_ordered };
  Type type = Type::event_count;
  std::vector<std::string> references;  // names, ids or titles as written
  std::vector<size_t> rules;            // resolved: indices into the rule set
  std::vector<Field> group_by;
  int64_t timespan_ns = 0;
  uint64_t threshold = 1;  // ... this many events, distinct values of `field`, or all rules were seen
  Field field = Field::Image;
};

struct Rule {
  std::string source;  // file or given name
  std::string id, name, title, description, level;
  std::vector<Technique> techniques;
  std::string category;  // of the finding
  double weight = 0;
  bool proof = false;                 // seen, not inferred: it counts whole
  bool reports = true;                // false: only feeds correlations
  std::optional<Category> logsource;  // none: no event of ours is of that kind; the rule never fires
  std::optional<Detection> detection;
  std::optional<Correlation> correlation;
};

struct RuleSet::State {
  std::vector<Rule> rules;
  std::vector<RuleStatus> statuses;  // of `rules`, by index
  std::array<std::vector<size_t>, kCategoryCount> by_category;
  std::vector<std::vector<size_t>> feeds;  // by rule: the correlation rules that count it
  std::string version;
};

/// One YAML document. The error names the rule and what is wrong.
Result<Rule> compile_rule(const yaml::Node& document, const std::string& source);

}  // namespace assay
