// IPv4 as mapped addresses (RFC 4291 section 2.5.5.2).
#include "agent/sinkhole/address.h"

#include <arpa/inet.h>

#include <algorithm>

namespace assay::sinkhole {
namespace {
constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
}

Address Address::v4(uint32_t host_order) {
  Address out;
  std::copy(kMapped.begin(), kMapped.end(), out.bytes.begin());
  for (int i = 0; i < 4; ++i)
    out.bytes[static_cast<size_t>(12 + i)] = static_cast<uint8_t>(host_order >> (24 - 8 * i));
  return out;
}

bool Address::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

uint32_t Address::as_v4() const {
  if (!is_v4()) return 0;
  uint32_t out = 0;
  for (size_t i = 12; i < 16; ++i) out = out << 8 | bytes[i];
  return out;
}

std::string Address::text() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (is_v4())
    ::inet_ntop(AF_INET, bytes.data() + 12, text, sizeof text);
  else
    ::inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

}  // namespace assay::sinkhole
