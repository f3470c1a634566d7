// ascii: letters of ASCII, whatever the locale and whatever else the bytes are. Names of hosts, of headers
// and of Sigma's values are compared without regard to their case alone.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace assay {

/// A to Z become a to z; every other byte stays.
constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string ascii_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return ascii_lower(c); });
  return out;
}

}  // namespace assay
