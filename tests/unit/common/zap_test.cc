// Who gets in over TCP, who does not and why, and that the others are served meanwhile.
#include "common/zap.h"

#include <gtest/gtest.h>

#include <optional>
#include <zmq.hpp>

#include "tests/unit/common/secured.h"

namespace assay {
namespace {

using Kind = ConnectionEvent::Kind;

const CurveKeys kFirst = *make_curve_keys();
const CurveKeys kSecond = *make_curve_keys();
const CurveKeys kThird = *make_curve_keys();

std::vector<AllowedKey> allow_first() { return {{kFirst.public_key, "first"}}; }

std::string refusals(const SecuredServer& server) {
  std::string out;
  for (const Refusal& refusal : server.refusals)
    out += refusal.reason + " " + refusal.address + " " + refusal.key + "\n";
  return out;
}

// Sends `word` and waits for the answer.
std::string ask(SecuredServer& server, SecuredAgent& agent, const std::string& word) {
  EXPECT_TRUE(agent.socket.send(word));
  std::string answer;
  EXPECT_TRUE(server.serve_until([&] { return !(answer = agent.answer()).empty(); }));
  return answer;
}

TEST(Zap, ListedKeyConnectsUnderItsName) {
  SecuredServer server({{kFirst.public_key, "first"}, {kSecond.public_key, "second"}});
  SecuredAgent first(server, kFirst), second(server, kSecond);
  EXPECT_EQ(ask(server, first, "hello"), "first: hello");
  EXPECT_EQ(ask(server, second, "hello"), "second: hello");
  EXPECT_EQ(server.received.back().user, "second");
  EXPECT_EQ(server.received.back().key, kSecond.public_key);
  EXPECT_TRUE(first.saw(Kind::connected));
  EXPECT_EQ(server.count(Kind::connected), 2u);
  EXPECT_EQ(server.count(Kind::accepted), 2u);
  EXPECT_EQ(refusals(server), "");
}

TEST(Zap, UnlistedKeyIsRefusedWhileOthersAreServed) {
  SecuredServer server(allow_first());
  SecuredAgent stranger(server, kSecond), agent(server, kFirst);
  EXPECT_TRUE(stranger.socket.send("let me in"));
  EXPECT_EQ(ask(server, agent, "hello"), "first: hello");
  EXPECT_TRUE(server.serve_until([&] { return stranger.saw(Kind::handshake_failed); }));
  EXPECT_EQ(stranger.last.reason, "the server refuses this key (400)");
  EXPECT_EQ(stranger.last.peer, server.endpoint);
  EXPECT_EQ(refusals(server), "unlisted 127.0.0.1 " + kSecond.public_key + "\n");
  EXPECT_EQ(server.received.size(), 1u);
  ASSERT_TRUE(server.find(Kind::handshake_failed));
  EXPECT_EQ(server.find(Kind::handshake_failed)->reason, "refused the peer's key (400)");
}

TEST(Zap, RevokedKeyIsRefusedAsSuch) {
  SecuredServer server({{kFirst.public_key, "first", true}});
  SecuredAgent agent(server, kFirst);
  EXPECT_TRUE(server.serve_until([&] { return agent.saw(Kind::handshake_failed); }));
  EXPECT_EQ(refusals(server), "revoked 127.0.0.1 " + kFirst.public_key + "\n");
}

TEST(Zap, WrongKeyOfTheServerGetsNowhere) {
  SecuredServer server(allow_first());
  SecuredAgent agent(server.endpoint, kFirst, kThird.public_key);
  EXPECT_TRUE(server.serve_until(
      [&] { return agent.saw(Kind::handshake_failed) && server.find(Kind::handshake_failed); }));
  EXPECT_EQ(agent.last.reason, "the server closed the connection or said nothing: is this its public key?");
  const ConnectionEvent* failed = server.find(Kind::handshake_failed);
  EXPECT_EQ(failed->reason, "cannot be decrypted: the peer has another public key of this server");
  EXPECT_EQ(refusals(server), "");
  EXPECT_EQ(server.count(Kind::connected), 0u);
  EXPECT_TRUE(agent.socket.disconnect());
}

TEST(Zap, PlaintextPeerGetsNowhere) {
  SecuredServer server(allow_first());
  zmq::context_t context;
  zmq::socket_t plain(context, zmq::socket_type::dealer);
  plain.set(zmq::sockopt::linger, 0);
  plain.connect(server.endpoint);
  plain.send(zmq::buffer("hello", 5), zmq::send_flags::dontwait);
  ASSERT_TRUE(server.serve_until([&] { return server.find(Kind::handshake_failed); }));
  EXPECT_TRUE(server.received.empty());
}

TEST(Zap, NobodyConnectsWithoutIt) {
  Context context;
  Socket router = *Socket::open(context, Socket::Type::router);
  CurveKeys keys = *make_curve_keys();
  ASSERT_TRUE(router.secure_as_server(keys));
  ASSERT_TRUE(router.bind("tcp://127.0.0.1:*"));
  SecuredAgent agent(router.bound_endpoint(), kFirst, keys.public_key);
  EXPECT_TRUE(agent.socket.send("hello"));
  bool failed = false;
  for (int i = 0; i < 500 && !failed; ++i) {
    std::vector<WaitFor> items{agent.monitor->socket(), router};
    ASSERT_TRUE(wait(items, std::chrono::milliseconds(10)));
    failed = agent.saw(Kind::handshake_failed);
    EXPECT_FALSE(*router.receive());
  }
  EXPECT_TRUE(failed);
}

TEST(Zap, ListIsReplacedWhileItServes) {
  SecuredServer server(allow_first());
  SecuredAgent first(server, kFirst), second(server, kSecond);
  EXPECT_EQ(ask(server, first, "one"), "first: one");
  EXPECT_TRUE(server.serve_until([&] { return second.saw(Kind::handshake_failed); }));
  ASSERT_TRUE(server.zap.allow({{kFirst.public_key, "first", true}, {kSecond.public_key, "second"}}));
  ASSERT_TRUE(second.socket.connect_again());
  ASSERT_TRUE(server.serve_until([&] { return second.saw(Kind::connected); }));
  EXPECT_EQ(ask(server, second, "two"), "second: two");
  // The connection that there was is its owner's business; a new one is not let in.
  EXPECT_EQ(ask(server, first, "three"), "first: three");
  ASSERT_TRUE(first.socket.connect_again());
  // The refused one may hear of it before the server tells.
  EXPECT_TRUE(
      server.serve_until([&] { return first.saw(Kind::handshake_failed) && server.refusals.size() >= 2; }));
  EXPECT_EQ(refusals(server),
            "unlisted 127.0.0.1 " + kSecond.public_key + "\nrevoked 127.0.0.1 " + kFirst.public_key + "\n");
}

TEST(Zap, WrongListLeavesTheOldOneInForce) {
  SecuredServer server(allow_first());
  Status replaced = server.zap.allow({{kSecond.public_key, "same"}, {kThird.public_key, "same"}});
  ASSERT_FALSE(replaced);
  EXPECT_EQ(replaced.error().what,
            "allow-list:2: agent 'same' has an allowed key in line 1 already: revoke one");
  SecuredAgent agent(server, kFirst);
  EXPECT_EQ(ask(server, agent, "hello"), "first: hello");
}

TEST(Zap, ShapesThatAreNoRequestAreRefused) {
  Context context;
  Zap zap = *Zap::start(context, allow_first());
  Socket peer = *Socket::open(context, Socket::Type::dealer);
  ASSERT_TRUE(peer.connect("inproc://zeromq.zap.01"));
  std::string key(32, 'k'), short_key(31, 'k');
  using Frames = std::vector<std::string_view>;
  std::vector<Frames> wrong = {{"", ""},
                               {"", "1.0"},
                               {"", "1.0", "id", "", "1.2.3.4", "", "CURVE"},
                               {"", "1.0", "id", "", "1.2.3.4", "", "CURVE", short_key},
                               {"", "2.0", "id", "", "1.2.3.4", "", "CURVE", key},
                               {"", "1.0", "id", "", "1.2.3.4", "", "NULL", key},
                               {"", "1.0", "id", "", "1.2.3.4", "", "CURVE", key, "more"}};
  for (const Frames& frames : wrong) {
    ASSERT_TRUE(peer.send_frames(frames));
    std::vector<WaitFor> items{peer};
    ASSERT_TRUE(wait(items, std::chrono::seconds(5)));
    auto reply = *peer.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ((*reply)[3] + (*reply)[4], "400malformed") << frames.size();
  }
  for (size_t i = 0; i < wrong.size(); ++i) EXPECT_EQ((*zap.take_refusal())->reason, "malformed");
}

TEST(Zap, RefusalsThatNobodyTakesAreCounted) {
  Context context;
  Zap zap = *Zap::start(context, {});
  Socket peer = *Socket::open(context, Socket::Type::dealer);
  ASSERT_TRUE(peer.connect("inproc://zeromq.zap.01"));
  constexpr uint64_t kRequests = 3000;
  auto request = [&] {
    ASSERT_TRUE(
        peer.send_frames({"", "1.0", "id", "", "1.2.3.4", "", "CURVE", "0123456789abcdef0123456789abcdef"}));
    std::vector<WaitFor> items{peer};
    ASSERT_TRUE(wait(items, std::chrono::seconds(5)));
    ASSERT_TRUE(*peer.receive());
  };
  for (uint64_t i = 0; i < kRequests; ++i) request();
  uint64_t taken = 0, missed = 0;
  auto drain = [&] {
    while (auto refusal = *zap.take_refusal()) {
      ++taken;
      missed += refusal->missed;
    }
  };
  drain();
  EXPECT_LT(taken, 1100u);
  // Once there is room again, the next one tells how many were missed.
  uint64_t more = 0;
  for (; missed == 0 && more < 1000; ++more) {
    request();
    drain();
  }
  EXPECT_EQ(taken + missed, kRequests + more);
}

// ---- strangers at the door

class Door : public ::testing::Test {
 protected:
  Door() : server_(allow_first()), agent_(server_, kFirst) {
    EXPECT_EQ(ask(server_, agent_, "1"), "first: 1");
  }

  // `stranger` is cut off, and the agent is served before and after.
  void expect_cut(Stranger& stranger) {
    EXPECT_EQ(ask(server_, agent_, "2"), "first: 2");
    EXPECT_TRUE(server_.serve_until([&] { return stranger.is_cut(); }));
    EXPECT_EQ(ask(server_, agent_, "3"), "first: 3");
    EXPECT_EQ(server_.count(Kind::connected), 1u);
    EXPECT_EQ(server_.received.size(), 3u);
  }

  SecuredServer server_;
  SecuredAgent agent_;
};

TEST_F(Door, GarbageIsCutOff) {
  Stranger stranger(server_.port());
  stranger.say(std::string(100'000, 'x'));
  expect_cut(stranger);
  EXPECT_TRUE(server_.serve_until([&] { return server_.find(Kind::disconnected); }));
  EXPECT_EQ(server_.count(Kind::accepted), 2u);
}

TEST_F(Door, HugeFrameBeforeTheHandshakeIsCutOff) {
  Stranger stranger(server_.port());
  stranger.say(Stranger::greeting("CURVE") + std::string("\6\0\0\1\0\0\0\0\0", 9) + std::string(1000, 'x'));
  expect_cut(stranger);
}

TEST_F(Door, MillionTinyFramesAreCutOffAtTheFirst) {
  Stranger stranger(server_.port());
  std::string frames;
  for (int i = 0; i < 1'000'000; ++i) frames.append("\1\0", 2);
  stranger.say(Stranger::greeting("CURVE") + frames);
  expect_cut(stranger);
  EXPECT_TRUE(server_.find(Kind::handshake_failed));
}

TEST_F(Door, AnotherMechanismIsCutOff) {
  for (const char* mechanism : {"NULL", "PLAIN", "GSSAPI"}) {
    Stranger stranger(server_.port());
    stranger.say(Stranger::greeting(mechanism));
    EXPECT_TRUE(server_.serve_until([&] { return stranger.is_cut(); })) << mechanism;
  }
  EXPECT_TRUE(server_.serve_until([&] { return server_.count(Kind::handshake_failed) == 3; }));
  EXPECT_EQ(server_.find(Kind::handshake_failed)->reason, "the peer does not use CURVE");
  EXPECT_EQ(ask(server_, agent_, "2"), "first: 2");
  EXPECT_EQ(server_.count(Kind::connected), 1u);
}

TEST_F(Door, SilentConnectionsKeepNobodyOut) {
  std::vector<Stranger> silent;
  for (int i = 0; i < 200; ++i) silent.emplace_back(server_.port());
  EXPECT_EQ(ask(server_, agent_, "2"), "first: 2");
  EXPECT_TRUE(server_.events.back().peer.starts_with("127.0.0.1:")) << to_string(server_.events.back().kind);
  SecuredAgent late(server_, kFirst);
  EXPECT_EQ(ask(server_, late, "4"), "first: 4");
}

}  // namespace
}  // namespace assay
