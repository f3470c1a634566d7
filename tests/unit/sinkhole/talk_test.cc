// Talk: which protocol it is, who is greeted, what a change of protocol means, and that nothing a client says
// is unbounded.
#include "agent/sinkhole/talk.h"

#include "agent/sinkhole/protocol.h"
#include "agent/sinkhole/protocols/frames.h"
#include "tests/unit/sinkhole/talk_support.h"

namespace assay::sinkhole {
namespace {

std::string app_of(uint16_t port, const std::vector<std::string>& pieces) {
  Scene scene(some_lures());
  Client client(scene, peer_at(port));
  for (const std::string& piece : pieces) piece.empty() ? client.wait() : client.say(piece);
  return std::string(client.talk.app());
}

TEST(Talk, ProtocolFollowsFromTheFirstBytesNotThePort) {
  EXPECT_EQ(app_of(22, {"GET / HTTP/1.1\r\n\r\n"}), "http");
  EXPECT_EQ(app_of(4444, {"G", "ET / HTTP/1.1\r\n", "\r\n"}), "http");
  EXPECT_EQ(app_of(80, {"SSH-2.0-x\r\n"}), "ssh");
  EXPECT_EQ(app_of(8080, {std::string("\x16\x03\x01\x02\x00\x01", 6)}), "tls");
  EXPECT_EQ(app_of(80, {"{\"id\":2,\"method\":", "\"mining.authorize\"}\n"}), "stratum");
  EXPECT_EQ(app_of(80, {"NICK bot\r\n"}), "irc");
  EXPECT_EQ(app_of(443, {"USER bot 0 * :bot\r\n"}), "irc");
  EXPECT_EQ(app_of(443, {"USER anonymous\r\n"}), "ftp");
  EXPECT_EQ(app_of(2525, {"ehlo me\r\n"}), "smtp");
  EXPECT_EQ(app_of(7000, {"*1\r\n$4\r\nPING\r\n"}), "redis");
  EXPECT_EQ(app_of(6379, {"info\r\n"}), "redis");
  EXPECT_EQ(app_of(7000, {be32(8) + be32(80877103)}), "postgresql");
  EXPECT_EQ(app_of(7000, {std::string("\x05\x01\x00", 3)}), "socks5");
}

TEST(Talk, WhatNobodyKnowsIsListenedToWithoutAWord) {
  for (const char* text :
       {"uid=0(root)\n", "info\r\n", "set x y\n", "{\"a\":1}\n", "{broken\n", "bash-5.2# "}) {
    Scene scene(some_lures());
    Client client(scene, peer_at(4444));
    std::string out = client.wait();
    out += client.say(text);
    out += client.say("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(out, "") << text;
    EXPECT_EQ(client.talk.app(), "");
    EXPECT_FALSE(client.talk.closing());
  }
}

TEST(Talk, UndecidedBytesAreBounded) {
  Scene scene(some_lures());
  Client client(scene, peer_at(4444));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(client.say("{" + std::string(999, ' ')), "");
  EXPECT_EQ(client.say("\"method\":\"login\"}\n"), "");
}

TEST(Talk, ServersThatSpeakFirstGreetASilentClientOnce) {
  std::string seen;
  for (uint16_t port : std::initializer_list<uint16_t>{21, 22, 25, 80, 465, 587, 3306, 6667}) {
    Scene scene(some_lures());
    Client client(scene, peer_at(port));
    std::string greeting = client.wait();
    seen += std::to_string(port) + " " + std::string(client.talk.app()) + " " +
            std::to_string(!greeting.empty()) + "\n";
    EXPECT_EQ(client.wait(), "");
  }
  EXPECT_EQ(seen, "21 ftp 1\n22 ssh 1\n25 smtp 1\n80  0\n465  0\n587 smtp 1\n3306 mysql 1\n6667  0\n");
}

TEST(Talk, WithinTlsOnlyServersOfTlsPortsGreet) {
  std::string seen;
  for (uint16_t port : std::initializer_list<uint16_t>{21, 22, 25, 465, 587, 990, 3306}) {
    Scene scene(some_lures());
    Client client(scene, peer_at(port, "h", true));
    if (!client.wait().empty()) seen += std::to_string(port) + " ";
  }
  EXPECT_EQ(seen, "465 990 ");
}

TEST(Talk, AClientThatSpeaksBeforeTheGreetingGetsItWithTheAnswer) {
  Scene scene(some_lures());
  Client client(scene, peer_at(25));
  EXPECT_TRUE(client.say("HELO x\r\n").starts_with("220 evil.example ESMTP")) << client.reports();
  EXPECT_EQ(client.wait(), "");
}

std::string socks_to(const std::string& host, uint16_t port) {
  return std::string("\x05\x01\x00", 3) + std::string("\x05\x01\x00\x03", 4) +
         static_cast<char>(host.size()) + host + be16(port);
}

TEST(Talk, WhatIsBehindAProxyIsDecidedAfresh) {
  Scene scene(some_lures());
  Client client(scene, peer_at(1080, "proxy"));
  EXPECT_EQ(client.say(socks_to("c2.example", 4444)), std::string("\x05\0\x05\0\0\x01\0\0\0\0\0\0", 12));
  EXPECT_EQ(client.talk.app(), "");
  client.say("NICK bot\r\nUSER a b c :d\r\n");
  EXPECT_EQ(client.talk.app(), "irc");
  EXPECT_EQ(client.talk.peer().host, "c2.example");
  EXPECT_EQ(client.reports(), "socks5 CONNECT c2.example:4444 \nirc NICK bot bot\nirc USER a a b c :d\n");
  EXPECT_EQ(client.told[0].name, "proxy");
  EXPECT_EQ(client.told[1].name, "c2.example");
}

TEST(Talk, ServersBehindAProxyGreetAtOnce) {
  Scene scene(some_lures());
  Client client(scene, peer_at(1080));
  EXPECT_EQ(client.say(socks_to("mail.example", 25)).substr(12),
            "220 mail.example ESMTP Postfix (Debian/GNU)\r\n");
  EXPECT_TRUE(client.say("QUIT\r\n").starts_with("221"));
  EXPECT_TRUE(client.talk.closing());
}

TEST(Talk, WhatComesTogetherWithAProxyRequestIsTheTargets) {
  Scene scene(some_lures());
  Client client(scene, peer_at(1080));
  std::string out = client.say(socks_to("mail.example", 25) + "EHLO a\r\n");
  EXPECT_NE(out.find("220 mail.example"), std::string::npos);
  EXPECT_NE(out.find("250-PIPELINING"), std::string::npos);
}

TEST(Talk, TlsBehindAProxyIsSeen) {
  Scene scene(some_lures());
  Client client(scene, peer_at(1080));
  client.say(socks_to("x.example", 443));
  client.say(std::string("\x16\x03\x01\x00\x05hello", 10));
  EXPECT_EQ(client.talk.app(), "tls");
}

TEST(Talk, AChainOfProxiesEnds) {
  Scene scene(some_lures());
  Client client(scene, peer_at(1080));
  for (int i = 0; i < 50; ++i) client.say(socks_to("p.example", 1080));
  EXPECT_EQ(client.told.size(), static_cast<size_t>(Talk::kMaxHandovers + 1));
  EXPECT_EQ(client.talk.app(), "");
}

TEST(Talk, ReportsOfOneConnectionAreBounded) {
  Scene scene(some_lures());
  Client client(scene, peer_at(6667));
  client.say("NICK a\r\nUSER a b c :d\r\n");
  for (int i = 0; i < 1000; ++i) client.say("PRIVMSG #a :x\r\n");
  EXPECT_EQ(client.told.size(), static_cast<size_t>(Notes::kMaxTold));
  EXPECT_EQ(client.told.back().detail, "further ones are not told");
}

TEST(Talk, AFloodOfQuestionsIsCutOff) {
  Scene scene(some_lures());
  Client client(scene, peer_at(6379));
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += "INFO\r\n";
  EXPECT_LE(client.say(flood).size(), kMaxAnswerBytes + 4096);
  EXPECT_TRUE(client.talk.closing());
}

TEST(Talk, EveryTableRowOpensWhatItIsNamedAfter) {
  for (const Protocol& protocol : protocols()) {
    Scene scene(some_lures());
    Peer peer = peer_at(1);
    std::vector<Report> told;
    Moment moment{scene, peer, kNowNs, told};
    EXPECT_TRUE(std::string(protocol.open(moment)->app()).starts_with(protocol.app)) << protocol.app;
    EXPECT_TRUE(protocol.begins || protocol.greets) << protocol.app;
  }
}

TEST(Talk, RandomBytesOnAnyPortStayBounded) {
  std::minstd_rand random(11);
  const uint16_t kPorts[] = {21, 22, 25, 80, 443, 587, 1080, 3306, 3333, 5432, 6379, 6667, 40'000};
  Scene scene(some_lures());
  for (int round = 0; round < 20'000; ++round) {
    Client client(scene, peer_at(kPorts[random() % std::size(kPorts)]));
    if (random() % 2) client.wait();
    size_t said = 0, heard = 0;
    for (auto i = random() % 6; i > 0; --i) {
      std::string bytes(random() % 200, '\0');
      for (char& c : bytes) c = static_cast<char>(random() % (random() % 2 ? 8 : 256));
      said += bytes.size();
      heard += client.say(bytes).size();
    }
    ASSERT_LE(heard, 64 * said + 4096);
  }
}

}  // namespace
}  // namespace assay::sinkhole
