// Headers by hand. The kernel fills IPv4's own checksum and total length, and nothing else.
#include "agent/egress/packet.h"

#include <algorithm>

namespace assay::egress {
namespace {

using sinkhole::Address;
using sinkhole::Endpoint;

constexpr size_t kIpv4Header = 20, kIpv6Header = 40, kFragmentHeader = 8, kUdpHeader = 8;
constexpr uint8_t kTcp = 6, kUdp = 17, kFragment = 44, kHops = 64;
constexpr unsigned kMoreFragments = 0x2000;
constexpr unsigned kResetAck = 0x5014;  // five words of header, RST and ACK
constexpr size_t kTcpChecksum = 16;

void put16(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}
void put32(std::string& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void put_address(std::string& out, const Address& address) {
  size_t first = address.is_v4() ? 12 : 0;
  out.append(address.bytes.begin() + static_cast<ptrdiff_t>(first), address.bytes.end());
}

uint32_t sum16(std::string_view bytes, uint32_t sum) {
  for (size_t i = 0; i < bytes.size(); i += 2) {
    unsigned low = i + 1 < bytes.size() ? static_cast<uint8_t>(bytes[i + 1]) : 0;
    sum += static_cast<unsigned>(static_cast<uint8_t>(bytes[i])) << 8 | low;
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

// Over pseudo header and body; put into the body at `at`, where zeros are.
void put_checksum(std::string& body, size_t at, const Endpoint& from, const Endpoint& to, uint8_t protocol) {
  std::string pseudo;
  put_address(pseudo, from.addr);
  put_address(pseudo, to.addr);
  uint32_t sum = sum16(body, sum16(pseudo, protocol + static_cast<unsigned>(body.size())));
  unsigned check = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
  if (check == 0) check = 0xffff;
  body[at] = static_cast<char>(check >> 8);
  body[at + 1] = static_cast<char>(check);
}

std::string udp(const Endpoint& from, const Endpoint& to, std::string_view data) {
  std::string out;
  unsigned length = static_cast<unsigned>(kUdpHeader + data.size());
  put16(out, from.port);
  put16(out, to.port);
  put16(out, length);
  put16(out, 0);
  out += data;
  put_checksum(out, 6, from, to, kUdp);
  return out;
}

struct Fragment {
  size_t offset = 0;
  bool more = false;
  uint32_t id = 0;
};

std::string ipv4(const Endpoint& from, const Endpoint& to, uint8_t protocol, std::string_view body,
                 const Fragment& part) {
  std::string out("\x45\x00", 2);
  put16(out, static_cast<unsigned>(kIpv4Header + body.size()));
  put16(out, part.id & 0xffff);
  put16(out, static_cast<unsigned>(part.offset / 8) | (part.more ? kMoreFragments : 0));
  out += static_cast<char>(kHops);
  out += static_cast<char>(protocol);
  put16(out, 0);
  put_address(out, from.addr);
  put_address(out, to.addr);
  out += body;
  return out;
}

std::string ipv6(const Endpoint& from, const Endpoint& to, uint8_t protocol, std::string_view body,
                 const Fragment& part) {
  bool whole = part.offset == 0 && !part.more;
  std::string out("\x60\x00\x00\x00", 4);
  put16(out, static_cast<unsigned>(body.size() + (whole ? 0 : kFragmentHeader)));
  out += static_cast<char>(whole ? protocol : kFragment);
  out += static_cast<char>(kHops);
  put_address(out, from.addr);
  put_address(out, to.addr);
  if (!whole) {
    out += static_cast<char>(protocol);
    out += '\0';
    put16(out, static_cast<unsigned>(part.offset) | (part.more ? 1 : 0));
    put32(out, part.id);
  }
  out += body;
  return out;
}

}  // namespace

std::vector<std::string> udp_packets(const Endpoint& from, const Endpoint& to, std::string_view data,
                                     uint32_t id) {
  if (data.size() > kMaxDatagram || from.addr.is_v4() != to.addr.is_v4()) return {};
  bool four = from.addr.is_v4();
  auto packet = four ? ipv4 : ipv6;
  std::string datagram = udp(from, to, data);
  size_t header = four ? kIpv4Header : kIpv6Header;
  if (header + datagram.size() <= kMtu) return {packet(from, to, kUdp, datagram, {0, false, id})};
  size_t room = (kMtu - header - (four ? 0 : kFragmentHeader)) / 8 * 8;
  std::vector<std::string> out;
  for (size_t at = 0; at < datagram.size(); at += room) {
    std::string_view part = std::string_view(datagram).substr(at, room);
    out.push_back(packet(from, to, kUdp, part, {at, at + part.size() < datagram.size(), id}));
  }
  return out;
}

std::string tcp_reset(const Endpoint& from, const Endpoint& to, uint32_t seq) {
  if (from.addr.is_v4() != to.addr.is_v4()) return {};
  std::string out;
  put16(out, from.port);
  put16(out, to.port);
  put32(out, 0);
  put32(out, seq + 1);
  put16(out, kResetAck);
  put32(out, 0);  // window, checksum
  put16(out, 0);  // urgent
  put_checksum(out, kTcpChecksum, from, to, kTcp);
  return (from.addr.is_v4() ? ipv4 : ipv6)(from, to, kTcp, out, {});
}

}  // namespace assay::egress
