// Connections, processes and agents.
#include "scheduler/sessions.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

using Change = Sessions::Change;
using std::chrono::seconds;

constexpr Sessions::Time kStart{};

TEST(Sessions, TellsAReconnectionFromARestart) {
  Sessions sessions;
  EXPECT_EQ(sessions.open("p1", {"a", "i1", "v", "k", kStart}), Change::appeared);
  EXPECT_EQ(sessions.open("p1", {"a", "i1", "v", "k", kStart}), Change::known);
  EXPECT_EQ(sessions.open("p2", {"a", "i1", "v", "k", kStart}), Change::reconnected);
  EXPECT_EQ(sessions.open("p3", {"a", "i2", "v", "k", kStart}), Change::restarted);
  EXPECT_EQ(sessions.open("p3", {"a", "i3", "v", "k", kStart}), Change::restarted);
}

TEST(Sessions, TheNewestConnectionSpeaksForAnAgent) {
  Sessions sessions;
  sessions.open("p1", {"a", "i1", "v", "k", kStart});
  sessions.open("p2", {"a", "i1", "v", "k", kStart});
  EXPECT_EQ(sessions.find("p1"), nullptr);
  ASSERT_NE(sessions.find("p2"), nullptr);
  EXPECT_EQ(sessions.find("p2")->agent, "a");
  ASSERT_NE(sessions.peer_of("a"), nullptr);
  EXPECT_EQ(*sessions.peer_of("a"), "p2");
}

TEST(Sessions, AConnectionSpeaksForOneAgentOnly) {
  Sessions sessions;
  sessions.open("p1", {"a", "i1", "v", "k", kStart});
  EXPECT_EQ(sessions.open("p1", {"b", "i2", "v", "k", kStart}), Change::appeared);
  EXPECT_EQ(sessions.peer_of("a"), nullptr);
  EXPECT_EQ(sessions.find("p1")->agent, "b");
  EXPECT_EQ(sessions.size(), 1u);
}

TEST(Sessions, SilentOnesEnd) {
  Sessions sessions;
  sessions.open("p1", {"a", "i", "v", "k", kStart});
  sessions.open("p2", {"b", "i", "v", "k", kStart});
  sessions.seen("p2", kStart + seconds(10));
  EXPECT_EQ(sessions.expire(kStart + seconds(5)), std::vector<std::string>{"a"});
  EXPECT_EQ(sessions.find("p1"), nullptr);
  EXPECT_EQ(sessions.peer_of("a"), nullptr);
  EXPECT_NE(sessions.find("p2"), nullptr);
}

TEST(Sessions, CanCloseByTheNameInsideTheSession) {
  Sessions sessions;
  sessions.open("p1", {"a", "i", "v", "k", kStart});
  sessions.close(sessions.find("p1")->agent);
  EXPECT_EQ(sessions.size(), 0u);
}

TEST(Sessions, StrangersAreAskedOnceASecondAndInBoundedNumber) {
  Sessions sessions;
  EXPECT_TRUE(sessions.ask("x", kStart));
  EXPECT_FALSE(sessions.ask("x", kStart));
  EXPECT_TRUE(sessions.ask("x", kStart + seconds(1)));
  int asked = 0;
  for (int i = 0; i < 100'000; ++i) asked += sessions.ask("y" + std::to_string(i), kStart) ? 1 : 0;
  EXPECT_LT(asked, 10'000);
  sessions.expire(kStart + seconds(100));
  EXPECT_TRUE(sessions.ask("z", kStart + seconds(100)));
}

}  // namespace
}  // namespace assay
