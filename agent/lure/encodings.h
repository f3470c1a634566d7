// encodings: bytes as text, the way secrets are written down and smuggled out. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/encodings.h"

namespace assay::lure {

using assay::base64;
using assay::base64_url;
using assay::encode_bits;

inline constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
inline constexpr std::string_view kHex = "0123456789abcdef";

/// RFC 3986: everything but its unreserved characters and `kept` becomes %XX.
std::string percent_encode(std::string_view bytes, std::string_view kept = "");
/// A number in `digits` characters of an alphabet, the highest first.
std::string in_base(uint64_t number, std::string_view alphabet, size_t digits);

}  // namespace assay::lure
