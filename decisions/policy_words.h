// policy_words: the words that a policy may use. Pure.
#pragma once

#include <span>
#include <string_view>

namespace assay::decisions {

/// That findings of our rules have (tests/unit/decisions holds the list against rules/).
std::span<const std::string_view> finding_categories();

}  // namespace assay::decisions
