// Findings against what a policy does not want: by category, technique, level and rule.
#include <algorithm>

#include "decisions/decide_parts.h"
#include "scheduler/score/attack.h"

namespace assay::decisions {
namespace {

Outcome outcome_of(const std::map<std::string, Outcome>& asked, const std::string& name) {
  auto found = asked.find(name);
  return found == asked.end() ? Outcome::pass : found->second;
}

// Both under whichever id of theirs ATT&CK uses today.
bool covers(const std::string& asked, const std::string& seen) {
  std::string wanted(canonical_technique(asked)), found(canonical_technique(seen));
  return found == wanted || found.starts_with(wanted + ".");
}

void ask_techniques(const Case& at, const Finding& finding, std::vector<Reason>& to) {
  for (const auto& [asked, outcome] : at.policy.techniques)
    if (std::any_of(finding.techniques.begin(), finding.techniques.end(),
                    [&](const Technique& technique) { return covers(asked, technique.id); })) {
      std::string name(technique_name(asked));
      to.push_back(finding_reason(at, outcome, "technique", asked, finding,
                                  "Technique " + asked + (name.empty() ? "" : " " + name)));
    }
}

}  // namespace

Reason finding_reason(const Case& at, Outcome outcome, const char* check, const std::string& subject,
                      const Finding& finding, const std::string& what) {
  Reason out;
  out.outcome = outcome;
  out.check = check;
  out.subject = subject;
  out.rule_id = finding.rule_id;
  out.rule_title = finding.title;
  out.layer = finding.layer;
  for (const Technique& technique : finding.techniques) out.techniques.push_back(technique.id);
  Sentence text;
  text.say(what + ": ").quote(finding.title).say(" (rule ").quote(finding.rule_id);
  for (size_t i = 0; i < finding.techniques.size(); ++i)
    text.say(i == 0 ? ", technique " : " and ").quote(finding.techniques[i].id);
  text.say(")");
  if (!finding.ancestry.empty()) text.say(", by ").quote(finding.ancestry.back());
  std::move(text.layer(at.report, finding.layer).say(".")).into(out);
  return out;
}

void ask_findings(const Case& at, std::vector<Reason>& to) {
  const Policy& policy = at.policy;
  for (const Finding& finding : at.report.findings) {
    Outcome category = outcome_of(policy.categories, finding.category);
    to.push_back(
        finding_reason(at, category, "category", finding.category, finding, "Category " + finding.category));
    ask_techniques(at, finding, to);
    Outcome level = outcome_of(policy.levels, finding.level);
    to.push_back(finding_reason(at, level, "level", finding.level, finding, "Level " + finding.level));
    Outcome rule =
        std::max(outcome_of(policy.rules, finding.rule_id), outcome_of(policy.rules, finding.title));
    to.push_back(finding_reason(at, rule, "rule", finding.title, finding, "A rule that is asked for"));
  }
}

}  // namespace assay::decisions
