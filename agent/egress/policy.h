// policy: where a guest that is let out may not go, and why. A pure table of address ranges, shared by the
// BPF program on the guest's link, which refuses, and by the forwarder, which checks again before it dials.
// There are no exceptions in it but one: the gateway's name service.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/sockets.h"
#include "common/result.h"

namespace assay::egress {

using sinkhole::Address;
using sinkhole::Endpoint;

/// As in farm_event.h (farm_refusal).
enum class Reason : uint8_t {
  none = 0,
  private_range = 1,  // RFC 1918, RFC 6598, RFC 4193
  loopback = 2,
  link_local = 3,
  metadata = 4,  // where cloud providers hand machines their credentials
  multicast = 5,
  reserved = 6,   // special-purpose (RFC 6890), and whatever could lead to another address: NAT64, 6to4...
  farm = 7,       // the scheduler's and this host's own addresses and subnets, and what the operator refuses
  neighbour = 8,  // other guests, and the gateway but for its name service
  protocol = 9,   // neither TCP nor UDP
  bytes = 10,     // caps.h
  rate = 11,
  connections = 12,
};
inline constexpr size_t kReasonCount = 13;
/// "private", "loopback"...; "" for none.
const char* to_string(Reason reason);

struct Range {
  Address base;     // without bits below the prefix; IPv4 mapped, as everywhere
  bool v4 = false;  // an IPv4 range; otherwise of IPv6 as on the wire, where ::ffff:0:0/96 is one of its own
  unsigned prefix = 0;  // of 32 or of 128
  Reason reason = Reason::none;
  bool operator==(const Range&) const = default;

  /// Of the range's own family only.
  bool holds(const Address& address) const;
};

/// "10.0.0.0/8", "fd00::/8", or an address alone. Bits below the prefix are cleared. Errc::invalid.
Result<Range> parse_range(std::string_view text, Reason reason);
/// "192.0.2.1" or "2001:db8::1".
std::optional<Address> parse_address(const std::string& text);

/// What is refused everywhere, whatever the host.
std::vector<Range> standard_ranges();

class Policy {
 public:
  Policy() = default;
  /// Of two ranges with the same base and prefix the first counts. `gateways`: the guest's.
  Policy(std::vector<Range> ranges, std::vector<Address> gateways);

  /// Why the guest may not talk to `to`, by the longest range that holds it; none: it may.
  Reason check(const Endpoint& to) const;
  /// Asked for a name: this is what the forwarder answers by the host's own resolvers.
  bool is_name_service(const Endpoint& to) const;
  const std::vector<Range>& ranges() const { return ranges_; }
  const std::vector<Address>& gateways() const { return gateways_; }

 private:
  bool is_gateway(const Address& address) const;
  std::vector<Range> ranges_;  // longest first
  std::vector<Address> gateways_;
};

}  // namespace assay::egress
