// encodings: bytes as text of an alphabet with a power of two of characters (RFC 4648). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay {

inline constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The characters of an encoding with an alphabet of a power of two, without padding characters. `before`
/// bytes are taken to stand in front of `bytes`, unknown ones: the characters are left out that depend on
/// them, or on what may follow when `open_end`.
std::string encode_bits(std::string_view bytes, std::string_view alphabet, size_t before = 0,
                        bool open_end = false);
/// Of a lower-case hexadecimal digit; -1 of any other character.
int hex_value(char c);
/// `text` with everything but letters, digits and "-._~" as %XX (RFC 3986, 2.3): one part of a path, or one
/// value of a query or form.
std::string url_encode(std::string_view text);
/// With padding (RFC 4648 section 4).
std::string base64(std::string_view bytes);
/// The bytes of such a text; nothing where it is none.
std::optional<std::string> decode_base64(std::string_view text);
/// Without (section 5): as JWTs have it.
std::string base64_url(std::string_view bytes);

}  // namespace assay
