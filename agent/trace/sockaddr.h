// sockaddr: the bytes of a guest's struct sockaddr made readable. Pure; the bytes are hostile.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

struct SocketAddress {
  std::string family;  // "inet", "inet6", "unix", "netlink", "packet", "family_<n>", or empty: too short
  std::string addr;    // textual IPv4 or IPv6
  uint32_t port = 0;   // inet, inet6; netlink: port id; packet: ifindex
  std::string path;    // unix; an abstract name starts with '@'
};

SocketAddress parse_sockaddr(std::string_view bytes);
/// 4 or 16 bytes in network order to text; IPv4-mapped IPv6 becomes IPv4.
std::string ip_text(std::string_view bytes);
/// "tcp", "udp", "icmp" (of both families), or "ip_<n>".
std::string ip_protocol_name(uint8_t number);

}  // namespace assay
