// addresses: IP addresses as bytes, from text and back, and the networks they lie in. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace assay {

struct IpAddress {
  std::array<uint8_t, 16> bytes{};  // IPv4 in its first four
  bool v6 = false;

  bool operator==(const IpAddress&) const = default;
  /// As inet_pton(3) has it; nothing for any other text, a port or a zone behind it included.
  static std::optional<IpAddress> parse(std::string_view text);
  std::string str() const;
  /// 4 or 16 bytes.
  std::string raw() const;
  unsigned size_bits() const { return v6 ? 128 : 32; }
  /// Its first `bits` bits, the rest zero.
  IpAddress network(unsigned bits) const;
  /// Whether its first `bits` bits are those of `base`, which is of the same family.
  bool within(const IpAddress& base, unsigned bits) const;
};

}  // namespace assay
