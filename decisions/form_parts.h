// form_parts: what the forms of decisions share. Only the .cc files of forms include it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "decisions/decide.h"

namespace assay::decisions {

/// What became of one check of a decision.
struct CheckResult {
  const Check* check = nullptr;
  std::vector<const Reason*> fails, warns, waived;
};
/// In the decision's order; a reason whose check the decision does not list gets one at the end, in `more`.
std::vector<CheckResult> results_of(const Decision& decision, std::vector<Check>& more);

/// "docker.io/library/app:1 (sha256:2222...)": what was decided on.
std::string image_of(const Decision& decision);
/// The sentence, and who waived it, or had.
std::string told(const Reason& reason);
/// "2 failures, 1 warning, 1 waived", without those there are none of.
std::string counts_text(const Decision& decision);
/// "PASS", "WARN", "FAIL".
std::string outcome_word(Outcome outcome);

// One form each.
std::string decisions_text(std::span<const Decision> decisions);
std::string decisions_json(std::span<const Decision> decisions);
std::string decisions_junit(std::span<const Decision> decisions);
std::string decisions_sarif(std::span<const Decision> decisions);
std::string decisions_markdown(std::span<const Decision> decisions);

}  // namespace assay::decisions
