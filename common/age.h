// age: how long ago, as people write it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace assay {

/// Seconds of "90m", "12h", "7d" or "4w", at most five digits; nothing for any other text.
std::optional<int64_t> parse_age(std::string_view text);

}  // namespace assay
