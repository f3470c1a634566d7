// Packets that are written by hand, read back by their headers.
#include "agent/egress/packet.h"

#include <gtest/gtest.h>

#include "agent/egress/policy.h"

namespace assay::egress {
namespace {

uint8_t byte(const std::string& packet, size_t at) { return static_cast<uint8_t>(packet.at(at)); }
unsigned be16(const std::string& packet, size_t at) { return byte(packet, at) * 256u + byte(packet, at + 1); }

Endpoint end(const char* address, uint16_t port) { return {*parse_address(address), port}; }

// RFC 1071, over pseudo header and datagram: a right one sums up to all ones.
unsigned checksum(const std::string& addresses, const std::string& datagram) {
  std::string all = addresses +
                    std::string({'\0', '\x11', static_cast<char>(datagram.size() >> 8),
                                 static_cast<char>(datagram.size())}) +
                    datagram;
  if (all.size() % 2 != 0) all += '\0';
  unsigned sum = 0;
  for (size_t i = 0; i < all.size(); i += 2) sum += be16(all, i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}

TEST(Packet, AnAnswerOfIpv4HasTheSourceThatWasAsked) {
  auto packets = udp_packets(end("93.184.216.34", 443), end("172.17.0.2", 40'000), "answer", 7);
  ASSERT_EQ(packets.size(), 1u);
  const std::string& p = packets[0];
  EXPECT_EQ(byte(p, 0), 0x45);
  EXPECT_EQ(be16(p, 2), 34u) << "all of it";
  EXPECT_EQ(be16(p, 6), 0u) << "no fragment";
  EXPECT_EQ(byte(p, 9), 17);
  EXPECT_EQ(p.substr(12, 8), "\x5d\xb8\xd8\x22" + std::string("\xac\x11\0\2", 4));
  EXPECT_EQ(be16(p, 20), 443u);
  EXPECT_EQ(be16(p, 22), 40'000u);
  EXPECT_EQ(be16(p, 24), 14u);
  EXPECT_EQ(p.substr(28), "answer");
  EXPECT_EQ(checksum(p.substr(12, 8), p.substr(20)), 0xffffu);
}

TEST(Packet, AnAnswerOfIpv6HasAChecksum) {
  auto packets = udp_packets(end("2606:2800:220:1::1", 53), end("fd00:172:17::2", 40'000), "odd", 7);
  ASSERT_EQ(packets.size(), 1u);
  const std::string& p = packets[0];
  EXPECT_EQ(byte(p, 0), 0x60);
  EXPECT_EQ(be16(p, 4), 11u);
  EXPECT_EQ(byte(p, 6), 17);
  EXPECT_EQ(checksum(p.substr(8, 32), p.substr(40)), 0xffffu);
}

TEST(Packet, LongOnesAreFragmentsThatFitTheLinkAndMakeTheWhole) {
  for (bool six : {false, true})
    for (size_t size : {1452u, 1472u, 1473u, 4000u, 65'507u}) {
      std::string data(size, 'x');
      for (size_t i = 0; i < size; ++i) data[i] = static_cast<char>(i * 7);
      auto from = end(six ? "2606::1" : "8.8.8.8", 53), to = end(six ? "fd00:172:17::2" : "172.17.0.2", 9);
      auto packets = udp_packets(from, to, data, 0x12345);
      std::string whole;
      for (size_t i = 0; i < packets.size(); ++i) {
        const std::string& p = packets[i];
        ASSERT_LE(p.size(), kMtu);
        size_t header = six ? 40 : 20;
        if (packets.size() > 1) {
          bool last = i + 1 == packets.size();
          unsigned word = six ? be16(p, 42) : be16(p, 6);
          EXPECT_EQ(six ? word & 1 : word >> 13, last ? 0u : 1u) << "more of them";
          EXPECT_EQ(six ? word & 0xfff8 : (word & 0x1fff) * 8, whole.size()) << "its place";
          EXPECT_EQ(six ? be16(p, 46) : be16(p, 4), 0x2345u) << "one number for all";
          EXPECT_EQ(byte(p, six ? 6 : 9), six ? 44 : 17);
          header += six ? 8 : 0;
        }
        EXPECT_EQ(six ? be16(p, 4) + 40u : be16(p, 2), p.size());
        whole += p.substr(header);
      }
      EXPECT_EQ(whole.substr(8), data) << size;
      EXPECT_EQ(packets.size() > 1, size > (six ? 1452u : 1472u)) << size;
    }
}

TEST(Packet, ARefusalAnswersTheSyn) {
  for (bool six : {false, true}) {
    std::string p = tcp_reset(end(six ? "2606::1" : "10.0.0.1", 80),
                              end(six ? "fd00:172:17::2" : "172.17.0.2", 40'000), 0xffffffff);
    size_t header = six ? 40 : 20;
    ASSERT_EQ(p.size(), header + 20);
    EXPECT_EQ(byte(p, six ? 6 : 9), 6);
    std::string tcp = p.substr(header);
    EXPECT_EQ(be16(tcp, 0), 80u);
    EXPECT_EQ(be16(tcp, 2), 40'000u);
    EXPECT_EQ(tcp.substr(8, 4), std::string(4, '\0')) << "acknowledges the SYN, around the end of numbers";
    EXPECT_EQ(be16(tcp, 12), 0x5014u);
    std::string addresses = six ? p.substr(8, 32) : p.substr(12, 8);
    std::string all = addresses + std::string("\0\6\0\x14", 4) + tcp;
    unsigned sum = 0;
    for (size_t i = 0; i < all.size(); i += 2) sum += be16(all, i);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    EXPECT_EQ(sum, 0xffffu);
  }
  EXPECT_EQ(tcp_reset(end("8.8.8.8", 53), end("fd00:172:17::2", 9), 1), "");
}

TEST(Packet, WhatCannotBeCarriedIsNot) {
  EXPECT_TRUE(udp_packets(end("8.8.8.8", 53), end("172.17.0.2", 9), std::string(65'508, 'x'), 1).empty());
  EXPECT_TRUE(udp_packets(end("8.8.8.8", 53), end("fd00:172:17::2", 9), "x", 1).empty()) << "two families";
}

}  // namespace
}  // namespace assay::egress
