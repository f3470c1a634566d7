// By getifaddrs and getaddrinfo.
#include "agent/egress_host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <memory>

#include "agent/egress/config.h"
#include "common/text.h"

namespace assay {
namespace {

using egress::Endpoint;
using egress::Range;
using egress::Reason;

constexpr uint16_t kDnsPort = 53;

std::optional<Endpoint> endpoint(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  sockaddr_storage storage{};
  size_t size = address->sa_family == AF_INET    ? sizeof(sockaddr_in)
                : address->sa_family == AF_INET6 ? sizeof(sockaddr_in6)
                                                 : 0;
  if (size == 0) return std::nullopt;
  std::memcpy(&storage, address, size);
  return sinkhole::endpoint_of(storage);
}

unsigned prefix_of(const sockaddr* mask) {
  unsigned bits = 0;
  if (mask == nullptr) return 128;
  if (mask->sa_family == AF_INET)
    return static_cast<unsigned>(std::popcount(reinterpret_cast<const sockaddr_in*>(mask)->sin_addr.s_addr));
  for (uint8_t byte : reinterpret_cast<const sockaddr_in6*>(mask)->sin6_addr.s6_addr)
    bits += static_cast<unsigned>(std::popcount(byte));
  return bits;
}

void add(std::vector<Range>& out, const std::string& text) {
  if (auto range = egress::parse_range(text, Reason::farm)) out.push_back(*range);
}

struct FreeAddresses {
  void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

}  // namespace

Result<std::vector<Range>> own_ranges() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return errno_error("list this host's addresses");
  std::unique_ptr<ifaddrs, FreeAddresses> list(raw);
  std::vector<Range> out;
  for (const ifaddrs* each = list.get(); each != nullptr; each = each->ifa_next) {
    auto own = endpoint(each->ifa_addr);
    bool link_local = own && own->addr.bytes[0] == 0xfe && (own->addr.bytes[1] & 0xc0) == 0x80;
    if (!own || link_local) continue;  // refused as such
    add(out, own->addr.text());
    unsigned prefix = prefix_of(each->ifa_netmask);
    if (prefix > 0) add(out, own->addr.text() + "/" + std::to_string(prefix));
    if (auto other = endpoint(each->ifa_dstaddr)) add(out, other->addr.text());
  }
  return out;
}

Result<std::vector<Range>> endpoint_ranges(const std::string& text) {
  std::vector<Range> out;
  if (!text.starts_with("tcp://")) return out;
  std::string host = text.substr(6, text.rfind(':') - 6);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *raw = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw); error != 0)
    return Error{Errc::unreachable, "the scheduler's address, which no guest is to reach, is not known: " +
                                        printable(host, 255) + ": " + ::gai_strerror(error)};
  std::unique_ptr<addrinfo, FreeAddresses> list(raw);
  for (const addrinfo* each = list.get(); each != nullptr; each = each->ai_next)
    if (auto found = endpoint(each->ai_addr)) add(out, found->addr.text());
  return out;
}

std::vector<Endpoint> name_servers(std::string_view text) {
  std::vector<Endpoint> out;
  while (!text.empty() && out.size() < egress::kMaxResolvers) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with("nameserver")) continue;
    line.remove_prefix(10);
    size_t from = line.find_first_not_of(" \t");
    if (from == 0 || from == std::string_view::npos) continue;
    line = line.substr(from);
    line = line.substr(0, line.find_first_of(" \t\r#;"));
    if (auto address = egress::parse_address(std::string(line))) out.push_back({*address, kDnsPort});
  }
  return out;
}

Result<Endpoint> parse_name_server(const std::string& text) {
  Error wrong{Errc::invalid, "'" + printable(text, 64) + "' is no name server: ADDRESS or ADDRESS:PORT"};
  Endpoint out;
  out.port = kDnsPort;
  std::string host = text;
  size_t colon = text.rfind(':');
  bool bracketed = text.starts_with('[');
  bool port = colon != std::string::npos && (bracketed ? text[colon - 1] == ']' : text.find(':') == colon);
  if (port) {
    const char* end = text.data() + text.size();
    auto [at, error] = std::from_chars(text.data() + colon + 1, end, out.port);
    if (error != std::errc() || at != end || out.port == 0) return wrong;
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  auto address = egress::parse_address(host);
  if (!address) return wrong;
  out.addr = *address;
  return out;
}

}  // namespace assay
