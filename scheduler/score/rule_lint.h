// rule_lint: what is not wrong with a rule but should be mended: nothing that explains it, tags that nobody
// knows, techniques that do not belong to their tactic. Pure.
#pragma once

#include <string>
#include <vector>

#include "scheduler/score/yaml.h"

namespace assay {

/// One sentence each, of a rule's document as written; in the order of the rule's usual fields.
std::vector<std::string> lint_rule(const yaml::Node& document);

}  // namespace assay
