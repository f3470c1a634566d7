// Addresses and the networks around them.
#include "scheduler/term_parts.h"
#include "scheduler/terms.h"

namespace assay {
namespace term_parts {

const std::vector<unsigned>& levels(const IpAddress& address) {
  static const std::vector<unsigned> kV4 = {8, 16, 24, 32}, kV6 = {32, 48, 64, 128};
  return address.v6 ? kV6 : kV4;
}

std::string network(const IpAddress& address, unsigned bits) {
  return address.network(bits).str() + "/" + std::to_string(bits);
}

}  // namespace term_parts

std::string normal_address(const std::string& text) {
  auto address = IpAddress::parse(text);
  return address ? address->str() : "";
}

}  // namespace assay
