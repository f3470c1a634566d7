// rule: a compiled detection or correlation rule. Internal to score; rules.h is what others see.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/score/condition.h"
#include "scheduler/score/match.h"
#include "scheduler/score/program.h"
#include "scheduler/score/record.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"
#include "scheduler/score/yaml.h"

namespace assay {

/// A named selection: any of its alternatives, each of which is all of its items.
struct Selection {
  std::string name;
  std::vector<std::vector<Item>> alternatives;
  bool matches(const Record& record) const;
};

struct Detection {
  std::vector<Selection> selections;
  Condition condition;
  bool matches(const Record& record) const;
};

/// Sigma's correlation rules, streaming. docs/rules.md says when each kind is judged.
struct Correlation {
  enum class Type {
    event_count,
    value_count,
    temporal,
    temporal_ordered,
    value_sum,
    value_avg,
    value_percentile
  };
  struct Bound {
    enum class Op { gt, gte, lt, lte, eq, neq };
    Op op = Op::gte;
    double value = 0;
    bool holds(double counted) const;
  };
  struct GroupBy {
    std::string name;                                          // of a field or an alias
    std::vector<std::pair<std::string, std::string>> aliases;  // rule as written, its field
    int line = 0;
  };
  Type type = Type::event_count;
  int line = 0;
  std::vector<std::string> references;  // names, ids or titles as written
  std::vector<size_t> rules;            // resolved: indices into the rule set
  std::vector<GroupBy> group_by;
  std::vector<std::vector<Field>> groups;  // resolved: of each of `rules`, the fields that make its group
  int64_t timespan_ns = 0;
  std::vector<Bound> bounds;  // all must hold
  std::vector<Field> fields;  // value_*: what is counted
  std::optional<double> percentile;
  bool generate = false;     // the rules that it refers to are findings by themselves, too
  std::string unanswerable;  // why it can never fire, by itself
  /// Not when the bound is reached, but when the window closes.
  bool at_end() const;
  bool holds(double counted) const;
};

struct Logsource {
  std::string category, product, service;  // as written
};

struct Rule {
  std::string source;  // file or given name
  int line = 0;
  std::string id, name, title, description, level;
  std::vector<Technique> techniques;
  std::string category;  // of the finding
  double weight = 0;
  bool proof = false;                   // seen, not inferred: it counts whole
  bool reports = true;                  // false: only feeds correlations
  std::optional<bool> reports_written;  // what the assay block says of it
  Logsource written;
  std::optional<Category> logsource;  // none: no event of ours is of that kind; the rule never fires
  std::string reason;                 // not empty: it is not evaluated, and why
  std::optional<Detection> detection;
  std::optional<Correlation> correlation;
};

/// A Sigma filter: what every rule that it names must fulfil besides its own condition.
struct Filter {
  std::string source, title;
  int line = 0;
  bool any = false;  // every rule of its logsource
  std::vector<std::string> rules;
  Logsource written;
  Detection detection;
};

struct RuleSet::State {
  std::vector<Rule> rules;
  std::array<std::vector<size_t>, kCategoryCount> by_category;
  std::vector<std::vector<size_t>> feeds;  // by rule: the correlation rules that count it
  std::string version;
  Program program;  // of all of `rules`, which it borrows
};

/// One YAML document that is no filter.
Result<Rule> compile_rule(const yaml::Node& document, const std::string& source,
                          const Placeholders& placeholders);
Result<Filter> compile_filter(const yaml::Node& document, const std::string& source,
                              const Placeholders& placeholders);
Result<Detection> compile_detection(const yaml::Node& node, const Spot& spot,
                                    const Placeholders& placeholders);
Result<Correlation> compile_correlation(const yaml::Node& node, const Spot& spot);

/// Resolves what rules and filters say of each other; fills in everything of `state` but the version.
Status link_rules(RuleSet::State& state, const std::vector<Filter>& filters);

/// How sure a finding of that level makes us, unless its rule says otherwise. The error names the levels.
Result<double> level_weight(const std::string& level);

/// Why no event can ever fulfil the rule; empty where one can. Of correlations: by itself, not for its rules.
std::string why_not_evaluated(const Rule& rule);

}  // namespace assay
