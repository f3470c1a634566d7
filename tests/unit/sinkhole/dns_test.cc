// The name service: answers as resolvers expect them, addresses that follow from names, and no packet that
// breaks it.
#include "agent/sinkhole/dns.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "common/digest.h"

namespace assay::sinkhole {
namespace {

std::string query(const std::string& name, uint16_t type, uint16_t klass = 1, bool edns = false) {
  std::string out("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00", 11);
  out += edns ? '\x01' : '\0';
  for (size_t begin = 0; begin < name.size();) {
    size_t end = std::min(name.find('.', begin), name.size());
    out += static_cast<char>(end - begin);
    out += name.substr(begin, end - begin);
    begin = end + 1;
  }
  out += '\0';
  for (uint16_t value : {type, klass}) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value);
  }
  if (edns) out += std::string("\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00", 11);
  return out;
}

std::string render(const DnsReply& reply) {
  std::string out = "rcode " + std::to_string(reply.rcode);
  if (reply.question) out += " " + reply.question->name + " " + dns_type_name(reply.question->type);
  for (const std::string& answer : reply.answers) out += " [" + answer + "]";
  return out + " " + to_hex(reply.packet);
}

TEST(Dns, AddressQueryIsAnsweredByteForByte) {
  NameTable names;
  EXPECT_EQ(render(answer_dns(query("Ab.c", 1), names)),
            "rcode 0 ab.c A [198.19.56.190] 1234818000010001000000000241620163000001"
            "0001c00c000100010000003c0004c61338be");
}

TEST(Dns, EveryTypeHasASensibleAnswer) {
  NameTable names;
  std::string seen;
  for (uint16_t type : std::initializer_list<uint16_t>{1, 28, 15, 16, 2, 6, 5, 33, 65, 255, 4711}) {
    DnsReply reply = answer_dns(query("x.org", type), names);
    seen += dns_type_name(type) + " " + std::to_string(reply.rcode);
    for (const std::string& answer : reply.answers) seen += " " + answer;
    seen += "\n";
  }
  EXPECT_EQ(seen,
            "A 0 198.19.12.252\nAAAA 0\nMX 0 10 mail.x.org\nTXT 0 v=spf1 -all\nNS 0 ns1.x.org\nSOA 0 "
            "ns1.x.org\nCNAME 0\nSRV 0\n"
            "HTTPS 0\nANY 0 198.19.12.252\nTYPE4711 0\n");
}

TEST(Dns, AddressMapsBackToItsName) {
  NameTable names;
  std::string address = answer_dns(query("Evil.Example", 1), names).answers.at(0);
  uint32_t value = names.address_of("evil.example");
  ASSERT_NE(names.name_of(Address::v4(value)), nullptr);
  EXPECT_EQ(*names.name_of(Address::v4(value)), "evil.example");
  EXPECT_EQ(ipv4_text(value), address);
  std::string reversed =
      std::to_string(value & 255) + "." + std::to_string((value >> 8) & 255) + ".19.198.in-addr.arpa";
  ASSERT_EQ(address.substr(0, 7), "198.19.");
  EXPECT_EQ(answer_dns(query(reversed, 12), names).answers, std::vector<std::string>{"evil.example"});
  EXPECT_EQ(answer_dns(query("1.0.0.10.in-addr.arpa", 12), names).rcode, 3);
  EXPECT_EQ(answer_dns(query("999.0.0.10.in-addr.arpa", 12), names).rcode, 3);
  EXPECT_EQ(answer_dns(query("nonsense", 12), names).rcode, 3);
}

TEST(Dns, SameNameHasTheSameAddressInEveryScan) {
  NameTable one, other;
  other.address_of("something.else");
  EXPECT_EQ(one.address_of("pool.example.com"), other.address_of("pool.example.com"));
}

TEST(Dns, NamesHaveAddressesOfTheirOwnUpToTheBound) {
  NameTable names;
  std::set<uint32_t> addresses;
  for (size_t i = 0; i < NameTable::kMaxNames; ++i) {
    uint32_t address = names.address_of("n" + std::to_string(i) + ".example");
    ASSERT_TRUE(addresses.insert(address).second);
    ASSERT_EQ(address >> 17, (198u << 7) | 9u) << ipv4_text(address);
    ASSERT_TRUE((address & 255) != 0 && (address & 255) != 255);
  }
  EXPECT_EQ(names.overflows(), 0u);
  uint32_t shared = names.address_of("one.too.many");
  EXPECT_EQ(names.overflows(), 1u);
  EXPECT_EQ(names.name_of(Address::v4(shared)), nullptr);
  EXPECT_FALSE(addresses.contains(shared));
  EXPECT_TRUE(addresses.contains(names.address_of("n7.example")));
}

TEST(Dns, HostileNamesBecomePrintable) {
  NameTable names;
  std::string packet = query("a.b", 1);
  packet[13] = '\x1b';
  packet[15] = '.';
  EXPECT_EQ(answer_dns(packet, names).question->name, "\\027.\\046");
}

TEST(Dns, EdnsIsAnsweredWithEdns) {
  NameTable names;
  DnsReply reply = answer_dns(query("a.b", 1, 1, true), names);
  EXPECT_TRUE(reply.question->edns);
  EXPECT_TRUE(to_hex(reply.packet).ends_with("00002904d0000000000000")) << to_hex(reply.packet);
}

TEST(Dns, WhatIsNoQueryIsRefusedOrIgnored) {
  NameTable names;
  std::string response = query("a.b", 1);
  response[2] = '\x81';
  EXPECT_EQ(answer_dns(response, names).packet, "");
  EXPECT_EQ(answer_dns("short", names).packet, "");
  std::string two = query("a.b", 1);
  two[5] = 2;
  EXPECT_EQ(to_hex(answer_dns(two, names).packet), "123481810000000000000000");
  std::string compressed = query("a.b", 1);
  compressed[12] = '\xc0';
  EXPECT_EQ(answer_dns(compressed, names).rcode, 1);
  std::string update = query("a.b", 1);
  update[2] = '\x28';
  EXPECT_EQ(answer_dns(update, names).rcode, 4);
  EXPECT_EQ(answer_dns(query("version.bind", 16, 3), names).rcode, 5);
}

// Every packet that starts as a good one, cut, changed and stretched: whatever comes, the reply is bounded
// and repeats the id.
TEST(Dns, MutatedPacketsNeverBreakIt) {
  std::minstd_rand random(4);
  NameTable names;
  std::vector<std::string> seeds = {
      query("www.example.com", 1, 1, true), query("7.3.18.198.in-addr.arpa", 12),
      query(std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c'), 15)};
  unsigned answered = 0, refused = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string packet = seeds[random() % seeds.size()];
    for (auto i = random() % 6; i > 0; --i) packet[random() % packet.size()] = static_cast<char>(random());
    if (random() % 4 == 0) packet.resize(random() % (packet.size() + 8), static_cast<char>(random()));
    DnsReply reply = answer_dns(packet, names);
    if (reply.packet.empty()) continue;
    ASSERT_EQ(reply.packet.substr(0, 2), packet.substr(0, 2));
    ASSERT_LE(reply.packet.size(), packet.size() + 400);
    ASSERT_LE(reply.question ? reply.question->name.size() : 0, 1100u);
    ++(reply.rcode == 0 ? answered : refused);
  }
  EXPECT_GT(answered, 10'000u);
  EXPECT_GT(refused, 10'000u);
}

}  // namespace
}  // namespace assay::sinkhole
