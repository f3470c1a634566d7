// decision_forms: decisions as text, JSON, JUnit XML, SARIF and Markdown: for a person, a script, a CI
// server, a code host and its pull request. Pure. Whatever came from an image is escaped as the form demands.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/result.h"
#include "decisions/decide.h"

namespace assay::decisions {

struct DecisionForm {
  std::string_view name;       // "junit", as --format calls it
  std::string_view extension;  // "xml"
  std::string (*write)(std::span<const Decision>);
};
/// text, json ("assay.decisions/1"), junit, sarif, markdown.
std::span<const DecisionForm> decision_forms();
/// Errc::invalid lists the names.
Result<const DecisionForm*> find_decision_form(std::string_view name);

/// {"outcome", "policy", "policy_sha256", "ref", "digest", "scan_id", "verdict", "score", "decided",
/// "reasons": [...]}
std::string decision_json(const Decision& decision);

}  // namespace assay::decisions
