// encodings: bytes as text, the way secrets are written down and smuggled out. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay::lure {

inline constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
inline constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
inline constexpr std::string_view kHex = "0123456789abcdef";

/// The characters of an encoding with an alphabet of a power of two, without padding characters. `before`
/// bytes are taken to stand in front of `bytes`, unknown ones: the characters are left out that depend on
/// them, or on what may follow when `open_end`.
std::string encode_bits(std::string_view bytes, std::string_view alphabet, size_t before = 0,
                        bool open_end = false);
/// With padding (RFC 4648 section 4).
std::string base64(std::string_view bytes);
/// Without (section 5): as JWTs have it.
std::string base64_url(std::string_view bytes);
/// RFC 3986: everything but its unreserved characters and `kept` becomes %XX.
std::string percent_encode(std::string_view bytes, std::string_view kept = "");
/// A number in `digits` characters of an alphabet, the highest first.
std::string in_base(uint64_t number, std::string_view alphabet, size_t digits);

}  // namespace assay::lure
