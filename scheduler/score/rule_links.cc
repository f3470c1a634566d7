// What rules say of each other: correlations to the rules that they count, filters to those that they narrow,
// ids that must be unique; and then, of each rule, whether it is evaluated.
#include <algorithm>
#include <map>
#include <optional>

#include "common/text.h"
#include "scheduler/score/rule.h"

namespace assay {
namespace {

constexpr size_t kMaxChain = 3;  // correlations of correlations

Spot spot_of(const Rule& rule) { return {rule.source, rule.title, ""}; }

Status check_unique(const std::vector<Rule>& rules) {
  std::map<std::string, const Rule*> ids;
  for (const auto& rule : rules) {
    auto [at, fresh] = ids.emplace(rule.id, &rule);
    if (!fresh)
      return spot_of(rule).error(rule.line, "its id '" + printable(rule.id, 50) + "' is that of a rule in " +
                                                at->second->source + ":" + std::to_string(at->second->line));
  }
  return {};
}

// Names, ids and titles to rules; a name that two rules bear refers to neither.
class Names {
 public:
  explicit Names(const std::vector<Rule>& rules) {
    for (size_t i = 0; i < rules.size(); ++i)
      for (const auto& key : {rules[i].id, rules[i].name, rules[i].title})
        if (!key.empty() && !index_.emplace(key, i).second && index_[key] != i) index_[key] = SIZE_MAX;
  }
  Result<size_t> find(const std::string& name, const Spot& spot, int line, const char* who) const {
    auto found = index_.find(name);
    if (found != index_.end() && found->second != SIZE_MAX) return found->second;
    return spot.error(line, std::string(who) + " refers to '" + printable(name, 100) + "', which " +
                                (found == index_.end() ? "no rule is called" : "two rules are called"));
  }

 private:
  std::map<std::string, size_t> index_;
};

bool given(const std::string& asked, const std::string& has) { return asked.empty() || asked == has; }

// The rule's condition and the filter's must hold, so a filter says "not selection" of what it excuses.
Status apply_filters(RuleSet::State& state, const std::vector<Filter>& filters, const Names& names) {
  for (const auto& filter : filters) {
    Spot spot{filter.source, filter.title, ""};
    std::vector<size_t> rules;
    for (size_t i = 0; filter.any && i < state.rules.size(); ++i) rules.push_back(i);
    for (const auto& name : filter.rules) {
      ASSAY_TRY(auto index, names.find(name, spot, filter.line, "filter"));
      rules.push_back(index);
    }
    for (size_t index : rules) {
      Rule& rule = state.rules[index];
      if (!rule.detection || !given(filter.written.category, rule.written.category) ||
          !given(filter.written.product, rule.written.product) ||
          !given(filter.written.service, rule.written.service))
        continue;
      auto& selections = rule.detection->selections;
      rule.detection->condition =
          rule.detection->condition.with(filter.detection.condition, selections.size());
      selections.insert(selections.end(), filter.detection.selections.begin(),
                        filter.detection.selections.end());
      if (rule.reason.empty()) rule.reason = why_not_evaluated(rule);
    }
  }
  return {};
}

// The field of an alias in the events of one rule, or of all.
const std::string& field_for(const Correlation::GroupBy& group, const Rule& rule) {
  for (const auto& [name, field] : group.aliases)
    if (name == rule.name || name == rule.id || name == rule.title) return field;
  return group.name;
}

Status resolve(Rule& rule, std::vector<Rule>& rules, const Names& names) {
  Correlation& correlation = *rule.correlation;
  Spot spot = spot_of(rule);
  for (const auto& reference : correlation.references) {
    ASSAY_TRY(auto index, names.find(reference, spot, correlation.line, "correlation"));
    std::vector<Field> fields;
    for (const auto& group : correlation.group_by) {
      const std::string& name = field_for(group, rules[index]);
      if (!group.aliases.empty() && &name == &group.name)
        return spot.error(group.line, "alias '" + printable(group.name, 50) + "' says nothing of rule '" +
                                          printable(reference, 50) + "'");
      if (auto field = field_of(name)) fields.push_back(*field);
    }
    correlation.rules.push_back(index);
    correlation.groups.push_back(std::move(fields));
  }
  return {};
}

// A correlation may count another one, but never itself, not even by a detour.
bool reaches(const std::vector<Rule>& rules, size_t from, size_t target, size_t depth) {
  if (depth > kMaxChain) return true;
  if (!rules[from].correlation) return false;
  for (size_t next : rules[from].correlation->rules)
    if (next == target || reaches(rules, next, target, depth + 1)) return true;
  return false;
}

// A rule that a correlation counts is a finding by itself only where the correlation generates it, or where
// its own assay block has a say.
void decide_reports(std::vector<Rule>& rules) {
  std::vector<std::optional<bool>> generated(rules.size());
  for (const auto& rule : rules)
    if (rule.correlation)
      for (size_t base : rule.correlation->rules)
        generated[base] = generated[base].value_or(false) || rule.correlation->generate;
  for (size_t i = 0; i < rules.size(); ++i)
    rules[i].reports = rules[i].reports_written.value_or(generated[i].value_or(true));
}

// A correlation counts as long as one of its rules is evaluated; a temporal one waits for all that it needs.
std::string why_not_correlated(const std::vector<Rule>& rules, size_t index) {
  const Rule& rule = rules[index];
  if (!rule.reason.empty() || !rule.correlation) return rule.reason;
  const Correlation& correlation = *rule.correlation;
  size_t alive = 0;
  std::string first;
  for (size_t base : correlation.rules) {
    std::string why = why_not_correlated(rules, base);
    alive += why.empty();
    if (!why.empty() && first.empty())
      first = "rule '" + printable(rules[base].title, 100) + "' is not evaluated: " + why;
  }
  bool temporal = correlation.type == Correlation::Type::temporal ||
                  correlation.type == Correlation::Type::temporal_ordered;
  bool all = temporal && correlation.bounds.empty();
  return alive == 0 || (all && alive < correlation.rules.size()) ? first : "";
}

}  // namespace

Status link_rules(RuleSet::State& state, const std::vector<Filter>& filters) {
  auto& rules = state.rules;
  ASSAY_CHECK(check_unique(rules));
  Names names(rules);
  ASSAY_CHECK(apply_filters(state, filters, names));
  for (auto& rule : rules)
    if (rule.correlation) ASSAY_CHECK(resolve(rule, rules, names));
  for (size_t i = 0; i < rules.size(); ++i)
    if (reaches(rules, i, i, 0))
      return spot_of(rules[i]).error(rules[i].line, "correlation refers to itself, or too deep");
  decide_reports(rules);
  state.feeds.resize(rules.size());
  for (size_t i = 0; i < rules.size(); ++i) {
    Rule& rule = rules[i];
    rule.reason = why_not_correlated(rules, i);
    if (!rule.reason.empty()) continue;
    if (rule.detection) state.by_category[static_cast<size_t>(*rule.logsource)].push_back(i);
    if (rule.correlation)
      for (size_t base : rule.correlation->rules) {
        auto& feeds = state.feeds[base];
        if (std::find(feeds.begin(), feeds.end(), i) == feeds.end()) feeds.push_back(i);
      }
  }
  return {};
}

}  // namespace assay
