// Proxies and SSH: what is said before another protocol, or nothing, follows.
#include "agent/sinkhole/protocols/socks.h"

#include "agent/sinkhole/protocols/frames.h"
#include "tests/unit/sinkhole/talk_support.h"

namespace assay::sinkhole {
namespace {

TEST(Socks, Version4NamesTheTargetByAddressOrName) {
  Scene scene(some_lures());
  Client by_address(scene, peer_at(1080));
  EXPECT_EQ(by_address.say(std::string("\x04\x01\x11\x5c\xc0\x00\x02\x05me\0", 11)),
            std::string("\0\x5a\0\0\0\0\0\0", 8));
  EXPECT_EQ(by_address.talk.peer().host, "192.0.2.5");
  EXPECT_EQ(by_address.talk.peer().dst_port, 4444);
  EXPECT_EQ(by_address.reports(), "socks4 login me \nsocks4 CONNECT 192.0.2.5:4444 \n");
  Client by_name(scene, peer_at(1080));
  by_name.say(std::string("\x04\x01\x11\x5c\0\0\0\x01\0c2.example\0", 20));
  EXPECT_EQ(by_name.talk.peer().host, "c2.example");
}

TEST(Socks, Version5AsksForAPasswordWhereThereIsOne) {
  Scene scene(some_lures());
  Client client(scene, peer_at(1080));
  EXPECT_EQ(client.say(std::string("\x05\x02\x00\x02", 4)), "\x05\x02");
  EXPECT_EQ(client.say("\x01\x03"
                       "bob\x02pw"),
            std::string("\x01\0", 2));
  client.say(std::string("\x05\x01\x00\x01\xc0\x00\x02\x05\x00\x50", 10));
  EXPECT_EQ(client.reports(), "socks5 login bob pw\nsocks5 CONNECT 192.0.2.5:80 \n");
  EXPECT_NE(client.say("GET / HTTP/1.1\r\n\r\n").find("HTTP/1.1 200"), std::string::npos);
  EXPECT_EQ(client.talk.app(), "http");
}

TEST(Socks, AddressOfANameThatDnsGaveOutIsThatName) {
  Scene scene(some_lures());
  uint32_t address = scene.names.address_of("c2.example");
  Client client(scene, peer_at(1080));
  client.say(std::string("\x05\x01\x00\x05\x01\x00\x01", 7) + be32(address) + be16(80));
  EXPECT_EQ(client.talk.peer().host, "c2.example");
}

TEST(Socks, WhatIsNoConnectIsRefused) {
  Scene scene(some_lures());
  Client bind(scene, peer_at(1080));
  EXPECT_EQ(bind.say(std::string("\x05\x01\x00\x05\x02\x00\x01\x01\x02\x03\x04\x00\x50", 13))[3], '\x07');
  EXPECT_TRUE(bind.talk.closing());
  Client gssapi(scene, peer_at(1080));
  EXPECT_EQ(gssapi.say("\x05\x01\x01"), "\x05\xff");
  EXPECT_TRUE(gssapi.talk.closing());
}

TEST(Socks, AnySplitAndAnyMutationIsBorne) {
  std::string session = std::string("\x05\x01\x00", 3) + std::string("\x05\x01\x00\x03\x0a", 5) +
                        "c2.example" + be16(4444) + "NICK a\r\nUSER a b c :d\r\n";
  std::string whole = same_in_any_split(1080, session);
  EXPECT_NE(whole.find(" 001 a "), std::string::npos);
  EXPECT_GT(stays_bounded(1080, session, false), 1000);
}

TEST(Ssh, BannerIsAnsweredWithSilenceAndTheClientIsTold) {
  std::string reports;
  EXPECT_EQ(same_in_any_split(22, std::string("SSH-2.0-Go\r\n\0\0\x04\x0c\n\x14more\n", 24), true, &reports),
            "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
  EXPECT_EQ(reports, "ssh version  SSH-2.0-Go\n");
  EXPECT_EQ(same_in_any_split(80, "SSH-2.0-Go\r\n"), "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n");
  EXPECT_EQ(stays_bounded(22, "SSH-2.0-Go\r\nxx", true), 5000);
}

}  // namespace
}  // namespace assay::sinkhole
