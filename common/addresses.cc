// inet_pton(3), and masks.
#include "common/addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace assay {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char copy[INET6_ADDRSTRLEN] = "";
  if (text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(text.begin(), text.end(), copy);
  IpAddress out;
  if (::inet_pton(AF_INET, copy, out.bytes.data()) == 1) return out;
  out.v6 = true;
  if (::inet_pton(AF_INET6, copy, out.bytes.data()) == 1) return out;
  return std::nullopt;
}

std::string IpAddress::str() const {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return text;
}

std::string IpAddress::raw() const {
  return std::string(reinterpret_cast<const char*>(bytes.data()), size_bits() / 8);
}

IpAddress IpAddress::network(unsigned bits) const {
  IpAddress masked = *this;
  for (unsigned i = 0; i < 16; ++i) {
    unsigned kept = bits <= i * 8 ? 0 : std::min(8u, bits - i * 8);
    masked.bytes[i] &= static_cast<uint8_t>(0xff00u >> kept);
  }
  return masked;
}

bool IpAddress::within(const IpAddress& base, unsigned bits) const {
  if (v6 != base.v6) return false;
  unsigned whole = bits / 8, rest = bits % 8;
  if (std::memcmp(bytes.data(), base.bytes.data(), whole) != 0) return false;
  return rest == 0 || (bytes[whole] ^ base.bytes[whole]) >> (8 - rest) == 0;
}

}  // namespace assay
