// Which agent gets which job: credit and room, layers, registries, modes; and that nothing waits for ever.
#include "scheduler/dispatch.h"

#include <gtest/gtest.h>

#include "queue_support.h"
#include "scheduler/placement.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr uint64_t kGiB = 1ull << 30;
constexpr wire::Capacity kCapacity{4, 4000, 8 * kGiB};

class DispatchTest : public testing::Test {
 protected:
  void hello(const std::string& agent, uint32_t credit = 0, wire::Capacity capacity = kCapacity,
             const std::vector<uint64_t>& cached = {}) {
    agents.hello(agent, capacity, cached, at(now));
    want(agent, credit, capacity.cpu_millis, capacity.memory_bytes);
  }
  void want(const std::string& agent, uint32_t credit, uint32_t cpu = 4000, uint64_t memory = 8 * kGiB) {
    agents.want(agent, {credit, cpu, memory, ""}, at(now));
  }
  void hello_for(const std::string& agent, const std::vector<std::string>& platforms, uint32_t credit) {
    agents.hello(agent, kCapacity, {}, at(now), platforms);
    want(agent, credit);
  }
  void submit_for(const std::string& id, const std::string& platform) {
    QueuedJob made = job(id, Lane::batch);
    made.platform = platform;
    queue.submit(made, at(now));
  }
  void submit(const std::string& id, uint64_t affinity = 0, const std::string& registry = "",
              uint64_t memory = 0, Lane lane = Lane::batch) {
    QueuedJob made = job(id, lane);
    made.affinity = affinity;
    made.registry = registry;
    made.memory_bytes = memory;
    queue.submit(made, at(now));
  }
  // "agent:job/attempt ..." of all calls until there is nothing more to do at this time.
  std::string assign(int64_t ms, size_t most = 100) {
    now = ms;
    std::string out;
    do {
      for (auto& one : dispatch.assign(queue, agents, at(ms), most))
        out += one.agent + ":" + one.scan_id + "/" + std::to_string(one.attempt) + " ";
    } while (most == 100 && dispatch.next_deadline() <= at(ms));
    return out;
  }
  // One of the two agents that jobs of this repository prefer, and one that they do not; of a, b, c, d.
  std::pair<std::string, std::string> preferred_and_other(uint64_t affinity) {
    auto best = preferred(agents, affinity, {}).best;
    uint32_t other = 0;
    while (other == best[0] || other == best[1]) ++other;
    return {agents.name(best[0]), agents.name(other)};
  }

  int64_t now = 0;
  Queue queue;
  Agents agents;
  Dispatch dispatch;
};

TEST_F(DispatchTest, GivesNoAgentMoreThanItsCredit) {
  for (const char* id : {"1", "2", "3", "4"}) submit(id);
  hello("x", 2);
  hello("y", 1);
  assign(0);
  EXPECT_EQ(queue.leased_by("x"), 2u);
  EXPECT_EQ(queue.leased_by("y"), 1u);
  EXPECT_EQ(assign(0), "");
  want("y", 1);
  EXPECT_EQ(assign(0), "y:4/1 ");
}

TEST_F(DispatchTest, WithoutAgentsNothingIsLeased) {
  submit("1");
  EXPECT_EQ(assign(0), "");
  EXPECT_EQ(queue.explain("1", at(0)), "no agent is connected that takes work");
}

TEST_F(DispatchTest, APlatformGoesToAgentsThatRunIt) {
  for (const char* id : {"1", "2"}) submit_for(id, "linux/arm64");
  submit_for("3", "linux/amd64");
  submit_for("4", "");
  hello_for("intel", {"linux/amd64"}, 4);
  hello_for("old", {}, 4);  // does not say
  EXPECT_EQ(assign(0), "intel:3/1 old:4/1 ");
  EXPECT_EQ(queue.explain("1", at(0)), "no agent for linux/arm64 is connected that takes work");
  hello_for("arm", {"linux/arm64/v8", "not a platform"}, 1);
  EXPECT_EQ(assign(10), "arm:1/1 ");
  EXPECT_EQ(agents.platforms(), (std::vector<std::string>{"linux/amd64", "linux/arm64"}));
  // The only one that runs it is full: others need not wait for that.
  submit_for("5", "linux/amd64");
  submit_for("6", "");
  EXPECT_EQ(assign(20), "intel:5/1 old:6/1 ");
  want("arm", 1);
  EXPECT_EQ(assign(30), "arm:2/1 ");
  agents.lost("arm");
  submit_for("7", "linux/arm64");
  assign(40);
  EXPECT_EQ(queue.explain("7", at(40)), "no agent for linux/arm64 is connected that takes work");
}

TEST_F(DispatchTest, AnAgentIsKeptFreeOnlyForWhatItRuns) {
  hello_for("intel", {"linux/amd64"}, 4);
  hello_for("arm", {"linux/arm64"}, 4);
  want("intel", 4, 500);
  want("arm", 4, 4000);
  QueuedJob large = job("large", Lane::batch);
  large.platform = "linux/amd64";
  large.cpu_millis = 4000;
  queue.submit(large, at(0));
  assign(0);
  assign(70'000);  // it is kept now
  submit_for("other", "linux/arm64");
  EXPECT_EQ(assign(70'001), "arm:other/1 ");
  want("intel", 4, 4000);
  EXPECT_EQ(assign(70'002), "intel:large/1 ");
}

TEST_F(DispatchTest, MostIsKeptAndTheRestIsForTheNextCall) {
  for (const char* id : {"1", "2", "3"}) submit(id);
  hello("x", 3);
  EXPECT_EQ(assign(0, 2), "x:1/1 x:2/1 ");
  EXPECT_EQ(dispatch.next_deadline(), at(0));
  EXPECT_EQ(assign(0, 2), "x:3/1 ");
}

TEST_F(DispatchTest, DrainingFencedAndLostAgentsGetNothing) {
  for (const char* id : {"1", "2", "3"}) submit(id);
  agents.set_mode("fenced", Agents::Mode::fenced);  // before it came
  hello("fenced", 1);
  hello("draining", 1);
  agents.set_mode("draining", Agents::Mode::draining);
  hello("gone", 1);
  agents.lost("gone");
  EXPECT_EQ(assign(0), "");
  want("gone", 1);  // a late word of a connection that has ended
  EXPECT_EQ(assign(0), "");
  hello("draining", 1);  // a new connection does not change it
  EXPECT_EQ(assign(0), "");
  agents.set_mode("draining", Agents::Mode::active);
  EXPECT_EQ(assign(0), "draining:1/1 ");
}

TEST_F(DispatchTest, WhatWasGivenSinceTheLastWordIsSubtracted) {
  for (const char* id : {"1", "2", "3"}) submit(id, 0, "", 3 * kGiB);
  hello("x", 3);
  EXPECT_EQ(assign(0), "x:1/1 x:2/1 ");  // 2 GiB are left
  EXPECT_EQ(queue.explain("3", at(0)), "needs 1 CPU and 3 GiB; no agent has that free now");
  want("x", 1, 2000, 3 * kGiB);
  EXPECT_EQ(assign(0), "x:3/1 ");
}

TEST_F(DispatchTest, ProcessorsAreRoomToo) {
  for (const char* id : {"1", "2", "3"}) submit(id);
  hello("x");
  want("x", 3, 2500);
  EXPECT_EQ(assign(0), "x:1/1 x:2/1 ");
}

TEST_F(DispatchTest, StatementBeyondItsCapacityIsNotBelieved) {
  submit("1", 0, "", 9 * kGiB);
  hello("x");
  want("x", 1, 4000, 100 * kGiB);
  EXPECT_EQ(assign(0), "");
}

TEST_F(DispatchTest, JobThatFitsNoAgentBlocksNobodyAndSaysWhy) {
  submit("huge", 0, "", 64 * kGiB, Lane::gate);
  submit("small");
  hello("x", 4);
  EXPECT_EQ(assign(0), "x:small/1 ");
  EXPECT_EQ(queue.explain("huge", at(0)), "needs 64 GiB; the largest agent has 8 GiB");
  hello("large", 1, {1, 1000, 64 * kGiB});
  EXPECT_EQ(assign(0), "large:huge/1 ");
}

TEST_F(DispatchTest, JobsGoWhereTheirLayersAre) {
  for (const char* agent : {"a", "b", "c", "d"}) hello(agent, 4);
  agents.remember("c", 77);
  for (const char* id : {"1", "2", "3"}) submit(id, 77);
  EXPECT_EQ(assign(0), "c:1/1 c:2/1 c:3/1 ");
}

TEST_F(DispatchTest, JobsOfARepositoryThatNobodyHasGoToTheSameAgent) {
  for (const char* agent : {"a", "b", "c", "d"}) hello(agent, 4);
  for (const char* id : {"1", "2", "3"}) submit(id, 5);
  assign(0);
  std::string holder = queue.holder("1").value_or("");
  EXPECT_EQ(queue.leased_by(holder), 3u);
}

TEST_F(DispatchTest, JobWaitsForItsAgentABoundedTimeThenAnyoneMayHaveIt) {
  for (const char* agent : {"a", "b", "c", "d"}) hello(agent);
  auto [mine, other] = preferred_and_other(5);
  want(other, 1);
  submit("1", 5);
  EXPECT_EQ(assign(100), "");
  EXPECT_EQ(dispatch.next_deadline(), at(600));
  EXPECT_EQ(queue.explain("1", at(200)), "waits 400 ms more for an agent that is likely to have its layers");
  EXPECT_EQ(assign(599), "");
  EXPECT_EQ(assign(600), other + ":1/1 ");
}

TEST_F(DispatchTest, WaitIsOverAsSoonAsTheAgentHasCredit) {
  for (const char* agent : {"a", "b", "c", "d"}) hello(agent);
  auto [mine, other] = preferred_and_other(5);
  want(other, 1);
  submit("1", 5);
  EXPECT_EQ(assign(0), "");
  want(mine, 1);
  EXPECT_EQ(assign(50), mine + ":1/1 ");
}

TEST_F(DispatchTest, WaitDoesNotStartWhileNobodyCouldHaveIt) {
  for (const char* agent : {"a", "b", "c", "d"}) hello(agent);
  auto [mine, other] = preferred_and_other(5);
  submit("1", 5);
  EXPECT_EQ(assign(0), "");
  want(other, 1);
  EXPECT_EQ(assign(10000), "");
  EXPECT_EQ(assign(10500), other + ":1/1 ");
}

TEST_F(DispatchTest, OthersAreLookedAtWhileAJobWaitsForItsAgent) {
  for (const char* agent : {"a", "b", "c", "d"}) hello(agent);
  auto [mine, other] = preferred_and_other(5);
  want(other, 1);
  for (int i = 0; i < 20; ++i) submit("w" + std::to_string(i), 5);
  submit("free");
  EXPECT_EQ(assign(0), other + ":free/1 ");
}

TEST_F(DispatchTest, AffinityToAnAgentThatIsGoneCostsNoWait) {
  for (const char* agent : {"a", "b", "c"}) hello(agent);
  agents.remember("a", 5);
  agents.lost("a");
  want("b", 1);
  want("c", 1);
  submit("1", 5);
  EXPECT_NE(assign(0), "");
}

TEST_F(DispatchTest, EveryAgentThatHasTheLayersIsAsGood) {
  for (const char* agent : {"a", "b", "c", "d", "e"}) hello(agent);
  for (const char* agent : {"a", "b", "c", "d"}) agents.remember(agent, 5);
  auto best = preferred(agents, 5, {}).best;
  std::string third;
  for (uint32_t i = 0; i < 4; ++i)
    if (i != best[0] && i != best[1]) third = agents.name(i);
  want(third, 1);
  submit("1", 5);
  EXPECT_EQ(assign(0), third + ":1/1 ");
}

TEST_F(DispatchTest, BlockedRegistryIsLeftAloneFarmWide) {
  hello("x", 2);
  hello("y", 2);
  submit("1", 0, "r.example");
  submit("2", 0, "r.example");
  submit("3", 0, "other.example");
  dispatch.block_registry("r.example", at(30000));
  dispatch.block_registry("r.example", at(10000));  // an earlier end does not shorten it
  EXPECT_EQ(assign(0).substr(1), ":3/1 ");
  EXPECT_EQ(queue.explain("1", at(0)), "r.example asked to be left alone for 30 s");
  EXPECT_EQ(dispatch.next_deadline(), at(30000));
  EXPECT_EQ(assign(29999), "");
  EXPECT_NE(assign(30000), "");
  EXPECT_EQ(queue.leased(), 3u);
}

TEST_F(DispatchTest, RegistryIsPulledFromWithinItsBudget) {
  DispatchPolicy policy;
  policy.budgets["r.example"] = {1, seconds(10), 2};
  dispatch = Dispatch(policy);
  hello("x", 4);
  for (const char* id : {"1", "2", "3", "4"}) submit(id, 0, "r.example");
  submit("5", 0, "other.example", 0, Lane::sweep);
  EXPECT_EQ(assign(0), "x:1/1 x:2/1 x:5/1 ");
  EXPECT_EQ(queue.explain("3", at(0)), "the pull budget of r.example is used up for 10 s");
  EXPECT_EQ(dispatch.next_deadline(), at(10000));
  EXPECT_EQ(assign(9999), "");
  EXPECT_EQ(assign(10000), "x:3/1 ");
}

TEST_F(DispatchTest, NewPolicyForgetsNoPullAndNoPause) {
  DispatchPolicy policy;
  policy.budgets["r.example"] = {1, seconds(10), 1};
  dispatch.set_policy(policy);
  hello("x", 4);
  for (const char* id : {"1", "2"}) submit(id, 0, "r.example");
  submit("3", 0, "paused.example");
  dispatch.block_registry("paused.example", at(5000));
  EXPECT_EQ(assign(0), "x:1/1 ");
  policy.budgets["r.example"] = {1, seconds(20), 1};
  dispatch.set_policy(policy);
  EXPECT_EQ(assign(4999), "");
  EXPECT_EQ(assign(5000), "x:3/1 ");
  EXPECT_EQ(assign(9999), "");
  EXPECT_EQ(assign(10000), "x:2/1 ");
}

// Weights also of tenants that wait already.
TEST_F(DispatchTest, NewWeightsHoldFromNowOn) {
  hello("x");
  for (int i = 0; i < 100; ++i)
    for (const char* tenant : {"a", "b"})
      queue.submit(job(tenant + std::to_string(i), Lane::batch, tenant), at(0));
  DispatchPolicy policy;
  policy.weights["a"] = 3;
  dispatch.set_policy(policy);
  for (int i = 0; i < 10; ++i) {
    want("x", 4);
    assign(0);
  }
  EXPECT_NEAR(static_cast<double>(queue.tenants().at("a").leased), 30, 1);
}

TEST_F(DispatchTest, DelayedJobIsAssignedWhenItsDelayEnds) {
  hello("x", 2);
  submit("1");
  assign(0);
  queue.fail("x", "1", 1, at(0));
  EXPECT_EQ(assign(1999), "");
  EXPECT_EQ(assign(2000), "x:1/2 ");
}

// Small jobs come as fast as they end: the large one would never find 8 GiB free.
TEST_F(DispatchTest, LargeJobIsNotStarvedBySmallOnes) {
  hello("x", 4);
  for (int i = 0; i < 4; ++i) submit("first" + std::to_string(i), 0, "", 2 * kGiB);
  assign(0);
  submit("large", 0, "", 8 * kGiB);
  uint32_t made = 0;
  std::vector<std::string> running = {"first0", "first1", "first2", "first3"};
  int64_t ms = 0;
  while (ms < 300'000 && !queue.holder("large")) {
    ms += 1000;
    if (!running.empty() && ms % 5000 == 0) {
      queue.complete("x", running.front(), 1);
      running.erase(running.begin());
      auto free = static_cast<uint32_t>(4 - running.size());
      want("x", free, free * 1000, free * 2 * kGiB);
    }
    submit("small" + std::to_string(made++), 0, "", 2 * kGiB);
    now = ms;
    for (auto& one : dispatch.assign(queue, agents, at(ms), 100)) running.push_back(one.scan_id);
  }
  EXPECT_EQ(queue.holder("large"), "x");
  EXPECT_LE(ms, 5000 + 60'000 + 20'000);  // room_wait, and what ran had to end
  // Then the agent is for all again.
  queue.complete("x", "large", 1);
  want("x", 4);
  assign(ms + 1);
  EXPECT_EQ(queue.leased_by("x"), 4u);
}

// An agent that never has as much free as it said is not kept idle for ever.
TEST_F(DispatchTest, AgentIsNotKeptFreeWhenThatDoesNotHelp) {
  hello("x", 1);
  want("x", 1, 4000, 7 * kGiB);
  submit("large", 0, "", 8 * kGiB);
  assign(0);
  assign(60'000);
  submit("small", 0, "", kGiB);
  EXPECT_EQ(assign(60'001), "");  // kept
  assign(75'000);
  EXPECT_EQ(assign(75'001), "x:small/1 ");
}

// "broken" is the one with most room, but takes nothing: it is not the one that is kept free each time.
TEST_F(DispatchTest, AnotherAgentIsKeptFreeWhenOneWasInVain) {
  hello("broken");
  hello("good");
  std::vector<std::string> running;  // two at a time, the older one ends every 5 s
  int made = 0;
  for (int64_t ms = 0; ms < 400'000 && !queue.holder("large"); ms += 5000) {
    submit("small" + std::to_string(made++), 0, "", 2 * kGiB);
    if (running.size() == 2 || (ms > 10'000 && !running.empty())) {
      queue.complete("good", running.front(), 1);
      running.erase(running.begin());
    }
    auto free = static_cast<uint32_t>(2 - running.size());
    want("good", free, 4000, (2 + free * 3) * kGiB);
    want("broken", 0);
    if (ms == 10'000) submit("large", 0, "", 8 * kGiB);
    now = ms;
    for (auto& one : dispatch.assign(queue, agents, at(ms), 1)) running.push_back(one.scan_id);
  }
  EXPECT_EQ(queue.holder("large"), "good");
}

TEST_F(DispatchTest, AgentThatAnotherDispatchKeptFreeIsFree) {
  hello("x", 1);
  want("x", 1, 4000, 7 * kGiB);
  submit("large", 0, "", 8 * kGiB);
  assign(0);
  assign(60'000);
  submit("small", 0, "", kGiB);
  EXPECT_EQ(assign(60'000), "");
  queue.cancel("large");
  dispatch = Dispatch();
  EXPECT_EQ(assign(60'001), "x:small/1 ");
}

TEST_F(DispatchTest, NoAgentIsKeptFreeForALaneWhoseTurnItIsNot) {
  hello("x", 1);
  want("x", 1, 4000, 7 * kGiB);
  submit("large", 0, "", 8 * kGiB, Lane::sweep);
  int64_t ms = 0;
  for (int i = 0; i < 70; ++i, ms += 1000) {
    submit("g" + std::to_string(i), 0, "", kGiB, Lane::gate);
    submit("h" + std::to_string(i), 0, "", kGiB, Lane::gate);
    want("x", 1, 4000, 7 * kGiB);
    EXPECT_NE(assign(ms), "") << ms;
  }
}

TEST_F(DispatchTest, SweepWithALongBacklogDoesNotDelayAGate) {
  for (int i = 0; i < 1000; ++i) submit("s" + std::to_string(i), 0, "", 0, Lane::sweep);
  hello("x", 1);
  assign(7'200'000);
  submit("gate1", 0, "", 0, Lane::gate);
  submit("gate2", 0, "", 0, Lane::gate);
  want("x", 3);
  EXPECT_NE(assign(7'200'001).find("gate1"), std::string::npos);
}

}  // namespace
}  // namespace assay
