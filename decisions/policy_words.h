// policy_words: the words that a policy may use, and those of ages. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace assay::decisions {

/// That findings of our rules have (tests/unit/decisions holds the list against rules/).
std::span<const std::string_view> finding_categories();
/// "12h", "7d", "4w", "90m"; nothing for any other text, or beyond ten years.
std::optional<int64_t> age_seconds(std::string_view text);

}  // namespace assay::decisions
