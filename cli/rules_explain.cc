// assay rules explain: finds the rules that are meant, what they count and what tests them.
#include <iostream>

#include "cli/options.h"
#include "cli/rule_files.h"
#include "cli/rules_verbs.h"
#include "cli/terminal.h"
#include "scheduler/score/rule_explain.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;

Result<std::string> explained(const LoadedRules& loaded, const std::vector<RuleCases>& cases, size_t index,
                              bool all) {
  const auto& rules = loaded.rules.state().rules;
  const Rule& rule = rules[index];
  ASSAY_TRY(yaml::Node document, document_of(loaded, rule));
  RuleContext context;
  std::vector<yaml::Node> documents;
  std::vector<size_t> counts = rule.correlation ? rule.correlation->rules : std::vector<size_t>();
  for (size_t counted : counts) {
    ASSAY_TRY(auto text, document_of(loaded, rules[counted]));
    documents.push_back(std::move(text));
  }
  for (size_t i = 0; i < counts.size(); ++i) context.counts.push_back({rules[counts[i]], documents[i]});
  for (const auto& one : cases) {
    if (one.rule != rule.title) continue;
    context.cases_file = one.source;
    context.firing += one.fires.size();
    context.near_misses += one.silent.size();
  }
  return explain_rule({rule, document}, context, {wants_color(1), terminal_width(1)}, all);
}

}  // namespace

Result<int> explain_rules(const po::variables_map& map, const Words& words) {
  if (words.empty())
    return Error{Errc::invalid, "no rule given: assay rules explain RULE (assay rules list shows them)"};
  ASSAY_TRY(std::string dir, rules_dir(map, {}));
  ASSAY_TRY(LoadedRules loaded, load_rules(dir));
  bool named = map.count("cases") > 0;
  ASSAY_TRY(auto cases,
            load_rule_cases(named ? fs::path(map["cases"].as<std::string>()) : loaded.dir / "cases", named));
  std::string out;
  for (const auto& word : words) {
    ASSAY_TRY(auto found, find_rules_called(loaded.rules, word));
    for (size_t index : found) {
      ASSAY_TRY(std::string text, explained(loaded, cases, index, map.count("all") > 0));
      out += (out.empty() ? "" : "\n\n") + text;
    }
  }
  std::cout << out;
  return static_cast<int>(kBelowGate);
}

}  // namespace assay::cli
