// severity: Harbor's words for how bad a thing is, and which of them our levels and verdicts are. Pure.
#pragma once

#include <string_view>

#include "scheduler/score/report.h"

namespace assay::gateway::harbor {

/// 0 for "Unknown" and "Negligible" on to 4 for "Critical"; -1 for what is no such word.
int severity_rank(std::string_view severity);
/// Of a rule's level (Sigma's); Unknown of any other text.
std::string_view severity_of_level(std::string_view level);
/// Of a verdict; `inconclusive` is what that one counts as.
std::string_view severity_of(Verdict verdict, std::string_view inconclusive);

}  // namespace assay::gateway::harbor
