// term_parts: what traits' words are made of, for those who write them and those who ask for them. Internal
// to the terms files.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::term_parts {

/// Of a name, so many last labels make a word each, besides the whole.
inline constexpr size_t kMaxLabels = 5;
/// Of a path, so many directories from the root on.
inline constexpr size_t kMaxDirectories = 8;

/// `text`, or a shorter one that stands for it alone.
std::string term(std::string_view text);
/// What follows the last slash.
std::string_view base_of(std::string_view path);

struct Address {
  std::array<uint8_t, 16> bytes{};  // IPv4 in its first four
  bool v6 = false;

  static std::optional<Address> parse(const std::string& text);
  /// Prefixes of the networks under which it stands, in bits, the widest first; the last is the whole.
  const std::vector<unsigned>& levels() const;
  /// "10.1.0.0/16": of the first `bits` bits.
  std::string network(unsigned bits) const;
  std::string str() const;
};

}  // namespace assay::term_parts
