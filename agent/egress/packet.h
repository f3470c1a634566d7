// packet: what goes back to the guest in the name of whom it had asked, as the IP packets that carry it (RFC
// 768, RFC 791, RFC 8200, RFC 9293): a UDP datagram, or a connection's refusal. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/sockets.h"

namespace assay::egress {

inline constexpr size_t kMtu = 1500;            // of the guest's link
inline constexpr size_t kMaxDatagram = 65'507;  // what IPv4 can carry

/// Of the family of both. Fragments where it is longer than the link takes; they share `id`. Nothing for more
/// than kMaxDatagram bytes.
std::vector<std::string> udp_packets(const sinkhole::Endpoint& from, const sinkhole::Endpoint& to,
                                     std::string_view data, uint32_t id);

/// As the answer to a SYN that had the sequence number `seq`. Empty: of two families.
std::string tcp_reset(const sinkhole::Endpoint& from, const sinkhole::Endpoint& to, uint32_t seq);

}  // namespace assay::egress
