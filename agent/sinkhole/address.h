// address: an IPv4 or IPv6 address as the sinkhole's dual-stack sockets see it: 16 bytes in network order,
// IPv4 mapped (::ffff:a.b.c.d). Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

namespace assay::sinkhole {

struct Address {
  std::array<uint8_t, 16> bytes{};

  static Address v4(uint32_t host_order);
  bool is_v4() const;
  uint32_t as_v4() const;    // host byte order; 0 if it is none
  std::string text() const;  // "198.18.3.7", "2001:2::1"
  auto operator<=>(const Address&) const = default;
};

}  // namespace assay::sinkhole
