// rule_files: rule files as the verb `rules` takes them: read, loaded together with their cases, found by
// what a user calls a rule.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "scheduler/score/rule.h"
#include "scheduler/score/rule_case.h"
#include "scheduler/score/rules.h"

namespace assay::cli {

/// The files named, and those of the directories named, as RuleSet::load would find them; by paths as given.
Result<RuleTexts> read_rule_files(const std::vector<std::filesystem::path>& places);

struct LoadedRules {
  std::filesystem::path dir;
  RuleTexts texts;
  RuleSet rules;
};
/// `dir`: empty for the installed ones.
Result<LoadedRules> load_rules(const std::string& dir);
/// Every *.yml of `dir`; none if there is no such directory and it was not asked for by name.
Result<std::vector<RuleCases>> load_rule_cases(const std::filesystem::path& dir, bool needed);

/// The document that a rule was compiled from.
Result<yaml::Node> document_of(const LoadedRules& loaded, const Rule& rule);
/// Indices of the rules that `word` means: by id, title or name; else all of the file of that name; else the
/// one with that text in its title, file or id. Errc::not_found, or Errc::invalid for a text that several
/// have.
Result<std::vector<size_t>> find_rules_called(const RuleSet& rules, const std::string& word);

}  // namespace assay::cli
