// chosen_rules: the rules that a hunt is for: of a directory, of a file, or those of ours that a word means.
// No more is compiled than these and what they count, for all of ours take half a second.
#pragma once

#include <set>
#include <string>

#include "common/result.h"
#include "scheduler/score/rules.h"

namespace assay::cli {

struct ChosenRules {
  RuleSet rules;
  std::set<std::string> ids;  // that were asked for; others are there because these count them
};

/// `word`: a directory, a file, or an id, title, name or file of the installed rules (`installed`: their
/// directory; empty: where they usually are). What a chosen correlation counts is looked for there, too.
/// Errors: not_found, invalid for a word that may be several rules, or a rule that is no finding by itself,
/// and what is wrong with a rule.
Result<ChosenRules> choose_rules(const std::string& word, const std::string& installed = "");

}  // namespace assay::cli
