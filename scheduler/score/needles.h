// needles: what a text must hold for a rule's value to match it: literals, of which it has at least one. With
// them a whole field is looked through at once, and only values whose needle was found are asked. Pure.
#pragma once

#include <string>
#include <vector>

#include "scheduler/score/match.h"

namespace assay {

/// Folded to lower case, without a byte 0, at most `limit` bytes each; to be looked for in either case.
/// Empty: there are none, and the value is to be asked of every text.
std::vector<std::string> needles_of(const Value& value, size_t limit);

}  // namespace assay
