// hex: digests as package databases write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay::inspect {

/// Nothing: an odd number of digits, or other characters.
std::optional<std::string> from_hex(std::string_view digits);
/// With its padding. Nothing: no base64.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace assay::inspect
