// Addresses and the networks around them.
#include <arpa/inet.h>

#include "scheduler/term_parts.h"
#include "scheduler/terms.h"

namespace assay {
namespace term_parts {

std::optional<Address> Address::parse(const std::string& text) {
  Address out;
  if (text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  if (::inet_pton(AF_INET, text.c_str(), out.bytes.data()) == 1) return out;
  out.v6 = true;
  if (::inet_pton(AF_INET6, text.c_str(), out.bytes.data()) == 1) return out;
  return std::nullopt;
}

const std::vector<unsigned>& Address::levels() const {
  static const std::vector<unsigned> kV4 = {8, 16, 24, 32}, kV6 = {32, 48, 64, 128};
  return v6 ? kV6 : kV4;
}

std::string Address::network(unsigned bits) const {
  Address masked = *this;
  for (unsigned i = 0; i < 16; ++i) {
    unsigned kept = bits <= i * 8 ? 0 : std::min(8u, bits - i * 8);
    masked.bytes[i] &= static_cast<uint8_t>(0xff00u >> kept);
  }
  return masked.str() + "/" + std::to_string(bits);
}

std::string Address::str() const {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return text;
}

}  // namespace term_parts

std::string normal_address(const std::string& text) {
  auto address = term_parts::Address::parse(text);
  return address ? address->str() : "";
}

}  // namespace assay
