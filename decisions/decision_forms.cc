// The table of forms, and what they share.
#include "decisions/decision_forms.h"

#include <algorithm>
#include <array>

#include "common/text.h"
#include "decisions/form_parts.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

constexpr std::array<DecisionForm, 5> kForms = {{{"text", "txt", decisions_text},
                                                 {"json", "json", decisions_json},
                                                 {"junit", "xml", decisions_junit},
                                                 {"sarif", "sarif", decisions_sarif},
                                                 {"markdown", "md", decisions_markdown}}};

}  // namespace

std::span<const DecisionForm> decision_forms() { return kForms; }

Result<const DecisionForm*> find_decision_form(std::string_view name) {
  std::string names;
  for (const DecisionForm& form : kForms) {
    if (form.name == name) return &form;
    names += (names.empty() ? "" : ", ") + std::string(form.name);
  }
  return Error{Errc::invalid, "'" + printable(name, 64) + "' is no form of a decision; there are " + names};
}

std::vector<CheckResult> results_of(const Decision& decision, std::vector<Check>& more) {
  auto is_listed = [&](const std::vector<Check>& checks, const Reason& reason) {
    return std::any_of(checks.begin(), checks.end(), [&](const Check& c) { return c.name == reason.check; });
  };
  for (const Reason& reason : decision.reasons)
    if (!is_listed(decision.checks, reason) && !is_listed(more, reason)) more.push_back({reason.check, ""});
  std::vector<CheckResult> out;
  for (const auto* checks : {&decision.checks, static_cast<const std::vector<Check>*>(&more)})
    for (const Check& check : *checks) out.push_back({&check, {}, {}, {}});
  for (const Reason& reason : decision.reasons) {
    auto at = std::find_if(out.begin(), out.end(),
                           [&](const CheckResult& r) { return r.check->name == reason.check; });
    (reason.waived ? at->waived : reason.outcome == Outcome::fail ? at->fails : at->warns).push_back(&reason);
  }
  return out;
}

std::string image_of(const Decision& decision) {
  if (decision.digest.empty() || decision.ref.find(decision.digest) != std::string::npos) return decision.ref;
  return decision.ref + " (" + decision.digest + ")";
}

std::string told(const Reason& reason) {
  if (reason.waived) return reason.text + " This is " + waiver_text(*reason.waived, false);
  return reason.lapsed ? reason.text + " This " + waiver_text(*reason.lapsed, true) : reason.text;
}

std::string counts_text(const Decision& decision) {
  uint64_t fails = 0, warns = 0, waived = 0;
  for (const Reason& reason : decision.reasons)
    ++(reason.waived ? waived : reason.outcome == Outcome::fail ? fails : warns);
  std::string out;
  auto add = [&](uint64_t count, const std::string& text) {
    if (count > 0) out += (out.empty() ? "" : ", ") + text;
  };
  add(fails, layout::plural(fails, "failure"));
  add(warns, layout::plural(warns, "warning"));
  add(waived, std::to_string(waived) + " waived");
  return out.empty() ? "nothing against it" : out;
}

std::string outcome_word(Outcome outcome) {
  return outcome == Outcome::pass ? "PASS" : outcome == Outcome::warn ? "WARN" : "FAIL";
}

}  // namespace assay::decisions
