// IANA's special-purpose registries (RFC 6890 and its updates), and what cloud providers put beside them.
#include "agent/egress/policy.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "common/text.h"

namespace assay::egress {
namespace {

constexpr const char* kReasonNames[kReasonCount] = {
    "",     "private",   "loopback", "link_local", "metadata", "multicast",  "reserved",
    "farm", "neighbour", "protocol", "bytes",      "rate",     "connections"};
constexpr uint16_t kDnsPort = 53;
constexpr unsigned kMappedBits = 96;

struct Row {
  const char* range;
  Reason reason;
};
constexpr Row kRows[] = {
    {"0.0.0.0/8", Reason::reserved},
    {"10.0.0.0/8", Reason::private_range},
    {"100.64.0.0/10", Reason::private_range},
    {"127.0.0.0/8", Reason::loopback},
    {"169.254.0.0/16", Reason::link_local},
    {"172.16.0.0/12", Reason::private_range},
    {"172.17.0.0/16", Reason::neighbour},  // agent/network.cc
    {"192.0.0.0/24", Reason::reserved},
    {"192.0.2.0/24", Reason::reserved},
    {"192.88.99.0/24", Reason::reserved},  // 6to4 relays
    {"192.168.0.0/16", Reason::private_range},
    {"198.18.0.0/15", Reason::reserved},
    {"198.51.100.0/24", Reason::reserved},
    {"203.0.113.0/24", Reason::reserved},
    {"224.0.0.0/4", Reason::multicast},
    {"240.0.0.0/4", Reason::reserved},
    // Metadata services: AWS, GCP, Azure, OpenStack...; ECS and EKS; Azure's wire server; Alibaba; Oracle;
    // Tencent.
    {"169.254.169.254", Reason::metadata},
    {"169.254.170.2", Reason::metadata},
    {"169.254.170.23", Reason::metadata},
    {"168.63.129.16", Reason::metadata},
    {"100.100.100.200", Reason::metadata},
    {"192.0.0.192", Reason::metadata},
    {"169.254.0.23", Reason::metadata},
    {"fd00:ec2::254", Reason::metadata},
    {"fd00:ec2::23", Reason::metadata},
    {"fd20:ce::254", Reason::metadata},
    {"fe80::a9fe:a9fe", Reason::metadata},
    // Of IPv6 only 2000::/3 is the internet: all around it is refused.
    {"::/3", Reason::reserved},  // unspecified, IPv4-compatible, IPv4-mapped, NAT64 (64:ff9b::)...
    {"4000::/2", Reason::reserved},
    {"8000::/1", Reason::reserved},
    {"::1", Reason::loopback},
    {"fc00::/7", Reason::private_range},
    {"fec0::/10", Reason::private_range},  // site-local, of old
    {"fe80::/10", Reason::link_local},
    {"ff00::/8", Reason::multicast},
    {"fd00:172:17::/64", Reason::neighbour},  // agent/network.cc
    {"2001::/23", Reason::reserved},          // Teredo, ORCHID, benchmarking...
    {"2001:db8::/32", Reason::reserved},
    {"2002::/16", Reason::reserved},  // 6to4
    {"3fff::/20", Reason::reserved},
};

Address masked(Address address, unsigned bits) {
  for (unsigned i = 0; i < 16; ++i) {
    unsigned kept = bits > 8 * i ? std::min(8u, bits - 8 * i) : 0;
    address.bytes[i] = static_cast<uint8_t>(address.bytes[i] & (0xff00u >> kept));
  }
  return address;
}

}  // namespace

const char* to_string(Reason reason) {
  auto index = static_cast<size_t>(reason);
  return index < kReasonCount ? kReasonNames[index] : "unknown";
}

bool Range::holds(const Address& address) const {
  if (address.is_v4() != v4) return false;
  return masked(address, v4 ? prefix + kMappedBits : prefix) == base;
}

std::optional<Address> parse_address(const std::string& text) {
  in_addr four{};
  Address out;
  if (::inet_pton(AF_INET, text.c_str(), &four) == 1) return Address::v4(ntohl(four.s_addr));
  if (::inet_pton(AF_INET6, text.c_str(), out.bytes.data()) != 1) return std::nullopt;
  return out;
}

Result<Range> parse_range(std::string_view text, Reason reason) {
  Error wrong{Errc::invalid, "'" + printable(text, 64) + "' is no address range: 10.0.0.0/8, fd00::/8"};
  size_t slash = text.find('/');
  auto base = parse_address(std::string(text.substr(0, slash)));
  if (!base) return wrong;
  Range out;
  out.v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  unsigned longest = out.v4 ? 32 : 128;
  out.prefix = longest;
  if (slash != std::string_view::npos) {
    std::string_view bits = text.substr(slash + 1);
    auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), out.prefix);
    if (error != std::errc() || end != bits.data() + bits.size() || out.prefix > longest) return wrong;
  }
  out.base = masked(*base, out.v4 ? out.prefix + kMappedBits : out.prefix);
  out.reason = reason;
  return out;
}

std::vector<Range> standard_ranges() {
  std::vector<Range> out;
  for (const Row& row : kRows) {
    auto range = parse_range(row.range, row.reason);
    assert(range);
    out.push_back(*range);
  }
  return out;
}

Policy::Policy(std::vector<Range> ranges, std::vector<Address> gateways)
    : ranges_(std::move(ranges)), gateways_(std::move(gateways)) {
  std::stable_sort(ranges_.begin(), ranges_.end(), [](const Range& a, const Range& b) {
    if (a.v4 != b.v4) return a.v4;
    if (a.prefix != b.prefix) return a.prefix > b.prefix;
    return a.base < b.base;
  });
  auto same = [](const Range& a, const Range& b) {
    return a.v4 == b.v4 && a.prefix == b.prefix && a.base == b.base;
  };
  ranges_.erase(std::unique(ranges_.begin(), ranges_.end(), same), ranges_.end());
}

bool Policy::is_gateway(const Address& address) const {
  return std::find(gateways_.begin(), gateways_.end(), address) != gateways_.end();
}

bool Policy::is_name_service(const Endpoint& to) const { return to.port == kDnsPort && is_gateway(to.addr); }

Reason Policy::check(const Endpoint& to) const {
  if (is_gateway(to.addr)) return to.port == kDnsPort ? Reason::none : Reason::neighbour;
  for (const Range& range : ranges_)
    if (range.holds(to.addr)) return range.reason;
  return Reason::none;
}

}  // namespace assay::egress
