// The agent's way to the scheduler over TCP: encrypted, and in as soon as its key is allowed.
#include "agent/connection.h"

#include <gtest/gtest.h>

#include "common/zap.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    auto keys = make_curve_keys();
    auto mine = make_curve_keys();
    ASSERT_TRUE(keys && mine);
    server_keys_ = *keys;
    config_.keys = *mine;
    config_.scheduler_key = server_keys_.public_key;
    config_.agent_id = "agent-1";
  }
  void serve(const std::vector<AllowedKey>& allowed) {
    auto zap = Zap::start(context_, allowed);
    ASSERT_TRUE(zap);
    zap_.emplace(std::move(*zap));
    auto router = Socket::open(context_, Socket::Type::router);
    ASSERT_TRUE(router);
    router_.emplace(std::move(*router));
    ASSERT_TRUE(router_->secure_as_server(server_keys_));
    ASSERT_TRUE(router_->bind("tcp://127.0.0.1:*"));
    config_.endpoint = router_->bound_endpoint();
  }
  // The next change within 20 seconds.
  static Connection::Change change(Connection& connection) {
    for (auto end = steady_clock::now() + seconds(20); steady_clock::now() < end;) {
      auto next = connection.next(steady_clock::now());
      if (!next || *next != Connection::Change::none) return next ? *next : Connection::Change::none;
      std::vector<WaitFor> items{*connection.watched()};
      if (!wait(items, milliseconds(100))) break;
    }
    return Connection::Change::none;
  }
  Context context_;
  CurveKeys server_keys_;
  AgentConfig config_;
  std::optional<Zap> zap_;
  std::optional<Socket> router_;
};

TEST_F(ConnectionTest, AnAllowedKeyIsUpAndKnownByItsName) {
  serve({{config_.keys->public_key, "farm-7"}});
  auto connection = Connection::open(context_, config_);
  ASSERT_TRUE(connection) << connection.error().what;
  ASSERT_EQ(change(*connection), Connection::Change::up);
  ASSERT_TRUE(connection->socket().send("hello"));
  std::vector<WaitFor> items{*router_};
  ASSERT_TRUE(wait(items, seconds(20)));
  auto received = router_->receive_from();
  ASSERT_TRUE(received && *received);
  EXPECT_EQ((*received)->user, "farm-7");
}

TEST_F(ConnectionTest, ARefusedKeyIsTriedAgainUntilItIsAllowed) {
  serve({});
  auto connection = Connection::open(context_, config_);
  ASSERT_TRUE(connection);
  ASSERT_EQ(change(*connection), Connection::Change::down);
  EXPECT_LT(connection->wake(), steady_clock::now() + seconds(6));
  ASSERT_TRUE(zap_->allow({{config_.keys->public_key, "farm-7"}}));
  // By a clock of its own, the next try is due.
  auto next = connection->next(steady_clock::now() + seconds(6));
  ASSERT_TRUE(next);
  EXPECT_EQ(change(*connection), Connection::Change::up);
}

TEST_F(ConnectionTest, TcpWithoutKeysIsNoEndpoint) {
  config_.keys.reset();
  config_.endpoint = "tcp://127.0.0.1:9";
  EXPECT_FALSE(Connection::open(context_, config_));
}

}  // namespace
}  // namespace assay
