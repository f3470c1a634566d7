// assay rules test: each rule held against the cases on which it must fire, and those on which it must not.
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/options.h"
#include "cli/rule_files.h"
#include "cli/rules_verbs.h"
#include "cli/terminal.h"
#include "common/text.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

namespace fs = std::filesystem;
using layout::Ink;

// The first word is the directory if it is one; the others are rules.
bool names_directory(const po::variables_map& map, const Words& words) {
  std::error_code error;
  return map.count("rules") == 0 && !words.empty() && fs::is_directory(words[0], error);
}

void print_text(const CaseResults& results) {
  layout::Paint paint(wants_color(1));
  for (const auto& failure : results.failures) {
    std::cout << failure.source << ": " << paint(Ink::red, "failed:") << " '" << failure.rule << "' "
              << failure.what << "\n";
    if (failure.what.ends_with("does not fire") && failure.found.empty()) std::cout << "    found: nothing\n";
    for (const auto& title : failure.found) std::cout << "    found: " << still_printable(title) << "\n";
  }
  std::cout << layout::plural(results.rules, "rule") << ", " << results.firing << " firing, "
            << layout::plural(results.near_misses, "near-miss case") << ", " << results.failures.size()
            << " failed\n";
}

void print_json(const CaseResults& results) {
  auto failures = nlohmann::ordered_json::array();
  for (const auto& failure : results.failures)
    failures.push_back(
        {{"file", failure.source}, {"rule", failure.rule}, {"what", failure.what}, {"found", failure.found}});
  nlohmann::ordered_json out{{"rules", results.rules},
                             {"firing", results.firing},
                             {"near_misses", results.near_misses},
                             {"failures", std::move(failures)}};
  std::cout << out.dump(1) << "\n";
}

}  // namespace

Result<int> test_rules(const po::variables_map& map, const Words& words) {
  bool directory = names_directory(map, words);
  ASSAY_TRY(std::string dir, rules_dir(map, directory ? Words{words[0]} : Words()));
  ASSAY_TRY(LoadedRules loaded, load_rules(dir));
  fs::path cases_dir = map.count("cases") ? fs::path(map["cases"].as<std::string>()) : loaded.dir / "cases";
  ASSAY_TRY(auto cases, load_rule_cases(cases_dir, map.count("cases") > 0));
  const auto& rules = loaded.rules.state().rules;
  std::set<const Rule*> chosen;
  for (size_t i = directory ? 1 : 0; i < words.size(); ++i) {
    ASSAY_TRY(auto found, find_rules_called(loaded.rules, words[i]));
    for (size_t index : found) chosen.insert(&rules[index]);
  }
  auto wanted = [&](const Rule& rule) { return chosen.empty() || chosen.contains(&rule); };
  CaseResults results = run_rule_cases(loaded.rules, cases, wanted, chosen.empty());
  if (!chosen.empty() && results.rules == 0)
    return Error{Errc::invalid, "'" + printable((*chosen.begin())->title, 100) +
                                    "' only feeds correlations and has no cases of its own: test these"};
  if (map["format"].as<std::string>() == "json")
    print_json(results);
  else
    print_text(results);
  return static_cast<int>(results.failures.empty() ? kBelowGate : kFailed);
}

}  // namespace assay::cli
