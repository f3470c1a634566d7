// What is kept of agents, and which of them jobs prefer.
#include "scheduler/agents.h"

#include <gtest/gtest.h>

#include <set>

#include "queue_support.h"
#include "scheduler/placement.h"

namespace assay {
namespace {

constexpr uint64_t kGiB = 1ull << 30;
constexpr wire::Capacity kCapacity{4, 4000, 8 * kGiB};

std::string text(const Agents::View& view) {
  return view.name + " " + to_string(view.mode) + (view.connected ? " connected" : " gone") + " credit " +
         std::to_string(view.credit) + " cpu " + std::to_string(view.cpu_millis) + " memory " +
         std::to_string(view.memory_bytes / kGiB) + " leases " + std::to_string(view.leases) + " cached " +
         std::to_string(view.cached) + (view.why.empty() ? "" : " why " + view.why);
}

TEST(Agents, ListsEachByNameWithWhatItSaid) {
  Queue queue;
  QueuedJob held = job("a");
  held.attempts = 1;
  queue.restore(held, "y", at(0));
  Agents agents;
  agents.hello("y", kCapacity, {5, 6, 5}, at(1));
  agents.hello("x", kCapacity, {}, at(2));
  agents.want("y", {2, 2000, 4 * kGiB, ""}, at(3));
  agents.want("x", {0, 4000, 8 * kGiB, "disk full"}, at(4));
  agents.seen("x", at(9));
  agents.set_mode("later", Agents::Mode::draining);
  auto list = agents.list(queue);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(text(list[0]), "later draining gone credit 0 cpu 0 memory 0 leases 0 cached 0");
  EXPECT_EQ(text(list[1]), "x active connected credit 0 cpu 4000 memory 8 leases 0 cached 0 why disk full");
  EXPECT_EQ(text(list[2]), "y active connected credit 2 cpu 2000 memory 4 leases 1 cached 2");
  EXPECT_EQ(list[1].last_seen, at(9));
}

TEST(Agents, OneThatHasGoneKeepsItsModeAndTakesNothing) {
  Agents agents;
  agents.hello("x", kCapacity, {}, at(0));
  agents.want("x", {2, 2000, kGiB, ""}, at(0));
  agents.set_mode("x", Agents::Mode::fenced);
  agents.lost("x");
  agents.hello("x", kCapacity, {}, at(1));
  EXPECT_EQ(agents.mode("x"), Agents::Mode::fenced);
  EXPECT_EQ(text(agents.list(Queue())[0]), "x fenced connected credit 0 cpu 0 memory 0 leases 0 cached 0");
  EXPECT_EQ(agents.mode("nobody"), Agents::Mode::active);
}

const std::string kScan = "20261125T031500-1f8a3c9e";

TEST(Agents, WhatIsKeptOfAModeBringsItBack) {
  Agents agents;
  std::string story;
  auto keep = [&] {
    Agents anew;
    anew.restore("x", agents.kept("x"));
    EXPECT_EQ(anew.kept("x"), agents.kept("x"));
    EXPECT_EQ(anew.mode("x"), agents.mode("x"));
    EXPECT_EQ(anew.fencing("x") != nullptr, agents.fencing("x") != nullptr);
    for (uint32_t attempt : {1u, 2u})
      EXPECT_EQ(anew.was_lifted("x", kScan, attempt), agents.was_lifted("x", kScan, attempt));
    story += agents.kept("x") + "; ";
  };
  keep();
  agents.set_mode("x", Agents::Mode::draining);
  keep();
  agents.set_mode("x", Agents::Mode::fenced);
  keep();
  EXPECT_EQ(agents.fencing("x"), nullptr) << "by an operator";
  EXPECT_TRUE(agents.fence("x", {kScan, 1, "exec by\na stranger"}));
  EXPECT_FALSE(agents.fence("x", {kScan, 2, "another"}));
  keep();
  agents.set_mode("x", Agents::Mode::active);
  EXPECT_TRUE(agents.was_lifted("x", kScan, 1));
  keep();
  agents.set_mode("x", Agents::Mode::fenced);
  EXPECT_EQ(agents.fencing("x"), nullptr) << "by an operator, whatever was lifted before";
  keep();
  agents.set_mode("x", Agents::Mode::active);
  EXPECT_TRUE(agents.fence("x", {kScan, 2, "another"}));
  keep();
  EXPECT_EQ(story, "; draining; fenced; fenced " + kScan + "-1 exec by\\x0aa stranger; active lifted " +
                       kScan + "-1; fenced lifted " + kScan + "-1; fenced " + kScan + "-2 another; ");
}

TEST(Agents, TakeNoMoreOfAKeptModeThanTheyUnderstand) {
  for (const std::string& kept :
       std::vector<std::string>{"fenced", "fenced " + kScan, "fenced nonsense-1 x",
                                "fenced " + kScan + "-x y", "fenced ../../etc-1 x"}) {
    Agents agents;
    agents.restore("x", kept);
    EXPECT_EQ(agents.mode("x"), Agents::Mode::fenced) << kept;
    EXPECT_EQ(agents.fencing("x"), nullptr) << kept;
  }
  for (const std::string& kept : std::vector<std::string>{"", "exploded", "active " + kScan + "-1 x",
                                                          "active lifted nonsense", " fenced"}) {
    Agents agents;
    agents.restore("x", kept);
    EXPECT_EQ(agents.mode("x"), Agents::Mode::active) << kept;
    EXPECT_EQ(agents.kept("x"), "") << kept;
  }
}

TEST(Agents, RememberTheRepositoriesThatWereUsedLast) {
  Agents agents;
  agents.hello("x", kCapacity, {}, at(0));
  for (uint64_t i = 1; i <= wire::kMaxCached; ++i) agents.remember("x", i);
  agents.remember("x", 1);  // used again
  agents.remember("x", 5000);
  EXPECT_NE(agents.caching(1), nullptr);
  EXPECT_EQ(agents.caching(2), nullptr);
  EXPECT_NE(agents.caching(5000), nullptr);
  EXPECT_EQ(agents.list(Queue())[0].cached, wire::kMaxCached);
  agents.hello("x", kCapacity, {7}, at(1));  // what it says replaces what was thought
  EXPECT_EQ(agents.caching(1), nullptr);
  EXPECT_EQ(agents.list(Queue())[0].cached, 1u);
}

TEST(Agents, ThoseThatAreGoneMakeRoomForOthers) {
  Agents agents;
  agents.set_mode("fenced", Agents::Mode::fenced);
  for (int i = 0; i < 10500; ++i) {
    std::string name = "a" + std::to_string(i);
    agents.hello(name, kCapacity, {static_cast<uint64_t>(i) + 1}, at(i));
    if (i > 0) agents.lost(name);
  }
  EXPECT_EQ(agents.rows().size(), 10000u);
  EXPECT_TRUE(agents.knows("a0"));
  EXPECT_FALSE(agents.knows("a1"));
  EXPECT_EQ(agents.caching(2), nullptr);
  EXPECT_TRUE(agents.knows("a10499"));
  EXPECT_EQ(agents.mode("fenced"), Agents::Mode::fenced);
}

TEST(Placement, AgentThatComesMovesOnlyTheJobsThatAreItsOwn) {
  Agents agents;
  for (int i = 0; i < 20; ++i) agents.hello("a" + std::to_string(i), kCapacity, {}, at(0));
  std::vector<uint32_t> before;
  for (uint64_t key = 1; key <= 1000; ++key) before.push_back(preferred(agents, key, {}).best[0]);
  agents.hello("new", kCapacity, {}, at(0));
  int moved = 0;
  for (uint64_t key = 1; key <= 1000; ++key) {
    uint32_t now = preferred(agents, key, {}).best[0];
    if (now == before[key - 1]) continue;
    ++moved;
    EXPECT_EQ(agents.name(now), "new");
  }
  EXPECT_NEAR(moved, 1000 / 21, 25);
  EXPECT_EQ(std::set<uint32_t>(before.begin(), before.end()).size(), 20u);
}

TEST(Placement, TooSmallAnAgentIsNotPreferred) {
  Agents agents;
  agents.hello("small", {4, 4000, kGiB}, {5}, at(0));
  agents.hello("large", kCapacity, {}, at(0));
  EXPECT_EQ(agents.name(preferred(agents, 5, {0, 2 * kGiB, 0}).best[0]), "large");
  EXPECT_EQ(agents.name(preferred(agents, 5, {0, kGiB, 0}).best[0]), "small");
  EXPECT_FALSE(preferred(agents, 5, {0, 9 * kGiB, 0}).found);
}

TEST(Placement, RoomiestIsTheOneWithMostCredit) {
  Agents agents;
  for (const char* name : {"a", "b", "c"}) agents.hello(name, kCapacity, {}, at(0));
  EXPECT_FALSE(roomiest(agents, 0, {}));
  agents.want("a", {1, 4000, kGiB, ""}, at(0));
  agents.want("b", {3, 4000, kGiB, ""}, at(0));
  agents.want("c", {9, 500, kGiB, ""}, at(0));
  EXPECT_EQ(agents.name(*roomiest(agents, 0, {1000, 0, 0})), "b");
}

TEST(Agents, ForgottenOneLeavesNothingAndItsRowIsUsedAgain) {
  Agents agents;
  Queue queue;
  agents.hello("gone", kCapacity, {5}, at(0));
  agents.hello("here", kCapacity, {}, at(0));
  agents.set_mode("gone", Agents::Mode::draining);
  agents.forget("gone");
  EXPECT_TRUE(agents.knows("gone")) << "it is connected";
  agents.lost("gone");
  agents.forget("gone");
  EXPECT_FALSE(agents.knows("gone"));
  EXPECT_EQ(agents.kept("gone"), "");
  EXPECT_EQ(agents.mode("gone"), Agents::Mode::active);
  EXPECT_EQ(agents.list(queue).size(), 1u);
  auto* caching = agents.caching(5);
  EXPECT_TRUE(caching == nullptr || caching->empty());
  agents.hello("new", kCapacity, {5}, at(1));
  EXPECT_EQ(agents.rows().size(), 2u);
  EXPECT_TRUE(agents.has_cached("new", 5));
  EXPECT_EQ(agents.list(queue).size(), 2u);
  agents.forget("nobody");
}

TEST(Agents, UnheardAreThoseThatAreGoneForSoLongAndNotFenced) {
  Agents agents;
  agents.restore("drained", "draining");
  agents.restore("fenced", "fenced");
  agents.hello("connected", kCapacity, {}, at(0));
  agents.hello("gone", kCapacity, {}, at(10));
  agents.hello("late", kCapacity, {}, at(30));
  agents.lost("gone");
  agents.lost("late");
  EXPECT_EQ(agents.unheard_since(at(20)), (std::vector<std::string>{"drained", "gone"}));
}

}  // namespace
}  // namespace assay
