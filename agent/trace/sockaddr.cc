// Decodes by length and family alone, without casting hostile bytes to the C structs.
#include "agent/trace/sockaddr.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cstring>

namespace assay {
namespace {

uint16_t big16(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>((static_cast<uint8_t>(bytes[at]) << 8) | static_cast<uint8_t>(bytes[at + 1]));
}

uint32_t little32(std::string_view bytes, size_t at) {
  uint32_t value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string unix_path(std::string_view bytes) {
  if (bytes.empty()) return "";  // unnamed
  if (bytes[0] == '\0') return "@" + std::string(bytes.substr(1));
  return std::string(bytes.substr(0, bytes.find('\0')));
}

}  // namespace

std::string ip_text(std::string_view bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  static constexpr char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\xff', '\xff'};
  if (bytes.size() == 16 && std::memcmp(bytes.data(), kMapped, sizeof kMapped) == 0) bytes.remove_prefix(12);
  if (bytes.size() == 4) inet_ntop(AF_INET, bytes.data(), text, sizeof text);
  if (bytes.size() == 16) inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

SocketAddress parse_sockaddr(std::string_view bytes) {
  SocketAddress out;
  if (bytes.size() < 2) return out;
  uint16_t family;
  std::memcpy(&family, bytes.data(), sizeof family);  // host order, as the ABI has it
  if (family == AF_INET && bytes.size() >= 8) {
    out = {"inet", ip_text(bytes.substr(4, 4)), big16(bytes, 2), ""};
  } else if (family == AF_INET6 && bytes.size() >= 24) {
    out = {"inet6", ip_text(bytes.substr(8, 16)), big16(bytes, 2), ""};
  } else if (family == AF_UNIX) {
    out = {"unix", "", 0, unix_path(bytes.substr(2, 108))};
  } else if (family == AF_NETLINK && bytes.size() >= 12) {
    out = {"netlink", "", little32(bytes, 4), ""};
  } else if (family == AF_PACKET && bytes.size() >= 8) {
    out = {"packet", "", little32(bytes, 4), ""};
  } else {
    out.family = "family_" + std::to_string(family);
  }
  return out;
}

std::string ip_protocol_name(uint8_t number) {
  switch (number) {
    case IPPROTO_TCP:
      return "tcp";
    case IPPROTO_UDP:
      return "udp";
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      return "icmp";
    default:
      return "ip_" + std::to_string(number);
  }
}

}  // namespace assay
