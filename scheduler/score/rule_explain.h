// rule_explain: one rule in plain words, for a terminal: what it looks for, what it means for a verdict, what
// it is tested with. Pure; laid out as the report is.
#pragma once

#include <string>
#include <vector>

#include "scheduler/score/report.h"
#include "scheduler/score/yaml.h"

namespace assay {

struct Rule;

struct Explained {
  const Rule& rule;            // compiled
  const yaml::Node& document;  // as written
};
struct RuleContext {
  std::vector<Explained> counts;  // what a correlation refers to
  std::string cases_file;         // empty: there are none
  size_t firing = 0, near_misses = 0;
};

/// `all`: no list is cut.
std::string explain_rule(const Explained& rule, const RuleContext& context, const TextStyle& style, bool all);

}  // namespace assay
