// RFC 791, 8200, 9293, 768, 792, 4443: the headers, and nothing in them that was not needed.
#include "scheduler/export/pcapng_packets.h"

#include <algorithm>

namespace assay::pcapng {
namespace {

constexpr uint32_t kMaxIp = 65'535;
constexpr uint8_t kTtl = 64;

void put16(std::string& out, uint32_t value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}
void put32(std::string& out, uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
void set16(std::string& out, size_t at, uint16_t value) {
  out[at] = static_cast<char>(value >> 8);
  out[at + 1] = static_cast<char>(value & 0xff);
}

// The sum of the header that TCP, UDP and ICMPv6 have their checksums cover as well.
uint16_t pseudo_header(const FlowKey& key, uint32_t length) {
  std::string pseudo = key.from + key.to;
  if (key.v6) {
    put32(pseudo, length);
    put32(pseudo, key.protocol);
  } else {
    put16(pseudo, key.protocol);
    put16(pseudo, length);
  }
  return ones_sum(pseudo);
}

std::string ip_header(const FlowKey& key, uint32_t length) {
  std::string out;
  if (key.v6) {
    put32(out, 6u << 28);
    put16(out, length);
    out += static_cast<char>(key.protocol);
    out += static_cast<char>(kTtl);
    return out + key.from + key.to;
  }
  put16(out, 0x4500);
  put16(out, length + 20);
  put16(out, 0);       // identification
  put16(out, 0x4000);  // may not be fragmented
  out += static_cast<char>(kTtl);
  out += static_cast<char>(key.protocol);
  put16(out, 0);
  out += key.from + key.to;
  set16(out, 10, static_cast<uint16_t>(~ones_sum(out)));
  return out;
}

uint32_t ip_size(const FlowKey& key) { return key.v6 ? 0 : 20; }  // counted within IPv4's 65,535 bytes

// `transport` has a checksum of zero at `at`; payload that was not seen counts as zeros, which add nothing.
Made finish(const FlowKey& key, std::string transport, size_t at, std::string_view seen, uint32_t unseen,
            bool pseudo) {
  auto most = static_cast<uint32_t>(kMaxIp - ip_size(key) - transport.size());
  seen = seen.substr(0, most);
  unseen = std::min<uint32_t>(unseen, most - static_cast<uint32_t>(seen.size()));
  auto length = static_cast<uint32_t>(transport.size() + seen.size()) + unseen;
  if (transport.size() == 8 && key.protocol == 17) set16(transport, 4, static_cast<uint16_t>(length));
  transport += seen;
  auto sum = static_cast<uint16_t>(~ones_sum(transport, pseudo ? pseudo_header(key, length) : 0));
  if (sum == 0 && key.protocol == 17) sum = 0xffff;  // zero would say that there is none
  set16(transport, at, sum);
  Made made{ip_header(key, length) + transport, 0};
  made.original_size = static_cast<uint32_t>(made.bytes.size()) + unseen;
  return made;
}

}  // namespace

uint16_t ones_sum(std::string_view bytes, uint32_t sum) {
  for (size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[i])) << 8;
    if (i + 1 < bytes.size()) sum += static_cast<uint8_t>(bytes[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(sum);
}

Made tcp_packet(const FlowKey& key, uint8_t flags, uint32_t seq, uint32_t ack, std::string_view seen,
                uint32_t unseen) {
  std::string out;
  put16(out, key.from_port);
  put16(out, key.to_port);
  put32(out, seq);
  put32(out, flags & kAck ? ack : 0);
  bool syn = flags & kSyn;
  out += static_cast<char>(syn ? 0x60 : 0x50);  // header's length in words
  out += static_cast<char>(flags);
  put16(out, flags & kRst ? 0 : 65'535);
  put32(out, 0);                                              // checksum, urgent pointer
  if (syn) put32(out, 0x0204'0000 | (key.v6 ? 1440 : 1460));  // the option of the largest segment
  return finish(key, std::move(out), 16, seen, unseen, true);
}

Made udp_packet(const FlowKey& key, std::string_view seen, uint32_t unseen) {
  std::string out;
  put16(out, key.from_port);
  put16(out, key.to_port);
  put32(out, 0);
  return finish(key, std::move(out), 6, seen, unseen, true);
}

Made echo_packet(const FlowKey& key, bool reply, std::string_view seen, uint32_t unseen) {
  std::string out;
  uint32_t type = key.v6 ? (reply ? 129 : 128) : (reply ? 0 : 8);
  put16(out, type << 8);
  put16(out, 0);
  put32(out, 0);  // identifier and sequence: not recorded
  return finish(key, std::move(out), 2, seen, unseen, key.v6);
}

}  // namespace assay::pcapng
