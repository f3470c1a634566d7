// The name service: answers as resolvers expect them, addresses that follow from names, and no packet that
// breaks it.
#include "agent/sinkhole/dns/dns.h"

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

// A scan's name service.
struct Service {
  NameTable names;
  DgaWatch dga;
  Persona persona = Persona::bare;
  DnsReply ask(std::string_view packet) {
    Zone zone{names, dga, persona, 0};
    return answer_dns(packet, zone);
  }
  // "0 [198.18.1.1]": the code and the answers.
  std::string ask(const std::string& name, uint16_t type) {
    DnsReply reply = ask(query(name, type));
    std::string out = std::to_string(reply.rcode);
    for (const std::string& answer : reply.answers) out += " [" + answer + "]";
    return out;
  }
};

std::string render(const DnsReply& reply) {
  std::string out = "rcode " + std::to_string(reply.rcode);
  if (reply.question) out += " " + reply.question->name + " " + dns_type_name(reply.question->type);
  for (const std::string& answer : reply.answers) out += " [" + answer + "]";
  return out + " " + to_hex(reply.packet);
}

TEST(Dns, AddressQueryIsAnsweredByteForByte) {
  Service service;
  EXPECT_EQ(render(service.ask(query("Ab.c", 1))),
            "rcode 0 ab.c A [198.19.56.190] 1234818000010001000000000241620163000001"
            "0001c00c000100010000003c0004c61338be");
}

TEST(Dns, EveryTypeHasASensibleAnswer) {
  Service service;
  std::string seen;
  for (uint16_t type : std::initializer_list<uint16_t>{1, 28, 15, 16, 2, 6, 5, 33, 65, 255, 4711}) {
    DnsReply reply = service.ask(query("x.org", type));
    seen += dns_type_name(type) + " " + std::to_string(reply.rcode);
    for (const std::string& answer : reply.answers) seen += " " + answer;
    seen += "\n";
  }
  EXPECT_EQ(seen,
            "A 0 198.19.12.252\nAAAA 0 2001:2::c613:cfc\nMX 0 10 mail.x.org\nTXT 0 v=spf1 -all\nNS 0 "
            "ns1.x.org\nSOA 0 "
            "ns1.x.org\nCNAME 0\nSRV 0\n"
            "HTTPS 0\nANY 0 198.19.12.252\nTYPE4711 0\n");
}

TEST(Dns, AddressMapsBackToItsName) {
  Service service;
  std::string address = service.ask(query("Evil.Example", 1)).answers.at(0);
  uint32_t value = service.names.address_of("evil.example");
  ASSERT_NE(service.names.name_of(Address::v4(value)), nullptr);
  EXPECT_EQ(*service.names.name_of(Address::v4(value)), "evil.example");
  EXPECT_EQ(ipv4_text(value), address);
  std::string reversed =
      std::to_string(value & 255) + "." + std::to_string((value >> 8) & 255) + ".19.198.in-addr.arpa";
  ASSERT_EQ(address.substr(0, 7), "198.19.");
  EXPECT_EQ(service.ask(query(reversed, 12)).answers, std::vector<std::string>{"evil.example"});
  EXPECT_EQ(service.ask(query("1.0.0.10.in-addr.arpa", 12)).rcode, 3);
  EXPECT_EQ(service.ask(query("999.0.0.10.in-addr.arpa", 12)).rcode, 3);
  EXPECT_EQ(service.ask(query("nonsense", 12)).rcode, 3);
}

TEST(Dns, Ipv6AddressMapsBackToItsName) {
  Service service;
  EXPECT_EQ(service.ask("evil.example", 28), "0 [2001:2::c613:d15e]");
  Address six = service.names.address6_of("evil.example");
  ASSERT_NE(service.names.name_of(six), nullptr);
  EXPECT_EQ(*service.names.name_of(six), "evil.example");
  EXPECT_EQ(service.ask("e.5.1.d.3.1.6.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.2.ip6.arpa", 12),
            "0 [evil.example]");
  EXPECT_EQ(service.ask("1.5.1.d.3.1.6.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.2.ip6.arpa", 12), "3");
  EXPECT_EQ(service.ask("x.5.1.d.3.1.6.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.2.ip6.arpa", 12), "3");
  EXPECT_EQ(service.names.name_of(Address::v4(0)), nullptr);
}

TEST(Dns, FixedNamesHaveTheirOwnAddressesByPersona) {
  Service bare, pod;
  pod.persona = Persona::kubernetes;
  for (Service* service : {&bare, &pod}) {
    EXPECT_EQ(service->ask("localhost", 1), "0 [127.0.0.1]");
    EXPECT_EQ(service->ask("api.localhost", 28), "0 [::1]");
    EXPECT_EQ(service->ask("metadata.google.internal", 1), "0 [169.254.169.254]");
    EXPECT_EQ(service->ask("metadata.google.internal", 28), "0");
    EXPECT_EQ(service->ask("254.169.254.169.in-addr.arpa", 12), "0 [metadata.google.internal]");
  }
  EXPECT_EQ(bare.ask("kubernetes.default.svc", 1), "3");
  EXPECT_EQ(bare.ask("redis.shop.svc.cluster.local", 1), "3");
  EXPECT_EQ(bare.ask("1.0.96.10.in-addr.arpa", 12), "3");
  EXPECT_EQ(pod.ask("kubernetes.default.svc", 1), "0 [10.96.0.1]");
  EXPECT_EQ(pod.ask("Kubernetes.Default.svc.Cluster.local", 1), "0 [10.96.0.1]");
  EXPECT_EQ(pod.ask("1.0.96.10.in-addr.arpa", 12), "0 [kubernetes.default.svc.cluster.local]");
  EXPECT_EQ(pod.ask("redis.shop.svc.cluster.local", 1).substr(0, 6), "0 [198");
}

TEST(Dns, ASearchDomainHoldsWhatAClusterOrCloudHasAndNoNamesOfTheInternet) {
  Service pod, cloud;
  pod.persona = Persona::kubernetes;
  cloud.persona = Persona::cloud;
  for (const char* name :
       {"evil.com.production.svc.cluster.local", "evil.com.svc.cluster.local", "evil.com.cluster.local",
        "evil.co.svc.cluster.local", "pool.evil.example.svc.cluster.local", "redis.svc.cluster.local",
        "kubernetes.production.svc.cluster.local", "redis.cluster.local"})
    EXPECT_EQ(pod.ask(name, 1), "3") << name;
  EXPECT_EQ(pod.ask("redis.production.svc.cluster.local", 1).substr(0, 6), "0 [198");
  EXPECT_EQ(pod.ask("_http._tcp.web.shop.svc.cluster.local", 33).substr(0, 3), "0 [");
  EXPECT_EQ(pod.ask("evil.com", 1).substr(0, 6), "0 [198");
  EXPECT_EQ(cloud.ask("metadata.us-east-2.compute.internal", 1), "3");
  EXPECT_EQ(cloud.ask("metadata", 1), "0 [169.254.169.254]");
  EXPECT_EQ(cloud.ask("ip-10-0-0-7.us-east-2.compute.internal", 1).substr(0, 6), "0 [198");
  EXPECT_EQ(cloud.ask("instance-data.ec2.internal", 1), "0 [169.254.169.254]");
}

TEST(Dns, ServiceIsTheDomainAtItsOwnPort) {
  Service service;
  EXPECT_EQ(service.ask("_ldap._tcp.corp.example", 33), "0 [0 5 389 corp.example]");
  EXPECT_EQ(service.ask("_odd._udp.corp.example", 33), "0 [0 5 443 corp.example]");
  EXPECT_EQ(service.ask("corp.example", 33), "0");
  EXPECT_EQ(service.ask("_ldap._tcp", 33), "0");
  EXPECT_TRUE(to_hex(service.ask(query("_ldap._tcp.a.bc", 33)).packet)
                  .ends_with("c00c002100010000003c000c0000000501850161026263"
                             "00"));
}

TEST(Dns, BurstOfRandomNamesDoesNotExistButForItsFirst) {
  Service service;
  std::minstd_rand random(11);
  unsigned refused = 0;
  for (int i = 0; i < 60; ++i) {
    std::string name;
    for (int letter = 0; letter < 12; ++letter) name += static_cast<char>('a' + random() % 26);
    std::string four = service.ask(name + ".info", 1), six = service.ask(name + ".info", 28);
    EXPECT_EQ(four == "3", six == "3") << name;  // both, or none
    EXPECT_TRUE(i >= 8 || four != "3") << name;
    refused += four == "3";
  }
  EXPECT_GT(refused, 40u);
  EXPECT_EQ(service.ask("www.debian.org", 1).substr(0, 1), "0");
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
  Service service;
  std::string packet = query("a.b", 1);
  packet[13] = '\x1b';
  packet[15] = '.';
  EXPECT_EQ(service.ask(packet).question->name, "\\027.\\046");
}

TEST(Dns, EdnsIsAnsweredWithEdns) {
  Service service;
  DnsReply reply = service.ask(query("a.b", 1, 1, true));
  EXPECT_TRUE(reply.question->edns);
  EXPECT_TRUE(to_hex(reply.packet).ends_with("00002904d0000000000000")) << to_hex(reply.packet);
}

TEST(Dns, WhatIsNoQueryIsRefusedOrIgnored) {
  Service service;
  std::string response = query("a.b", 1);
  response[2] = '\x81';
  EXPECT_EQ(service.ask(response).packet, "");
  EXPECT_EQ(service.ask("short").packet, "");
  std::string two = query("a.b", 1);
  two[5] = 2;
  EXPECT_EQ(to_hex(service.ask(two).packet), "123481810000000000000000");
  std::string compressed = query("a.b", 1);
  compressed[12] = '\xc0';
  EXPECT_EQ(service.ask(compressed).rcode, 1);
  std::string update = query("a.b", 1);
  update[2] = '\x28';
  EXPECT_EQ(service.ask(update).rcode, 4);
  EXPECT_EQ(service.ask(query("version.bind", 16, 3)).rcode, 5);
}

// Every packet that starts as a good one, cut, changed and stretched: whatever comes, the reply is bounded
// and repeats the id.
TEST(Dns, MutatedPacketsNeverBreakIt) {
  std::minstd_rand random(4);
  Service service;
  std::vector<std::string> seeds = {
      query("www.example.com", 1, 1, true), query("7.3.18.198.in-addr.arpa", 12),
      query(std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c'), 15)};
  unsigned answered = 0, refused = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string packet = seeds[random() % seeds.size()];
    for (auto i = random() % 6; i > 0; --i) packet[random() % packet.size()] = static_cast<char>(random());
    if (random() % 4 == 0) packet.resize(random() % (packet.size() + 8), static_cast<char>(random()));
    DnsReply reply = service.ask(packet);
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
