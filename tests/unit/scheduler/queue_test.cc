// Queue and dispatch: each transition, and random sequences against a model.
#include "scheduler/queue.h"

#include <gtest/gtest.h>

#include <random>

#include "scheduler/dispatch.h"

namespace assay {
namespace {

using std::chrono::seconds;

Queue::Time at(int s) { return Queue::Time(seconds(s)); }

TEST(Queue, LeasesInTheOrderOfSubmission) {
  Queue queue({seconds(15), 3});
  queue.submit("a", {});
  queue.submit("b", {});
  EXPECT_EQ(queue.lease("x", at(0))->scan_id, "a");
  EXPECT_EQ(queue.render(), "waiting: b; leased: a/1 by x");
  EXPECT_EQ(queue.lease("y", at(0))->scan_id, "b");
  EXPECT_FALSE(queue.lease("x", at(0)));
}

TEST(Queue, ExpiredLeaseReturnsJobOnceAtTheFront) {
  Queue queue({seconds(15), 3});
  queue.submit("a", {});
  queue.submit("b", {});
  (void)queue.lease("x", at(0));
  EXPECT_TRUE(queue.expire(at(14)).empty());
  auto lapses = queue.expire(at(15));
  ASSERT_EQ(lapses.size(), 1u);
  EXPECT_EQ(lapses[0].agent, "x");
  EXPECT_FALSE(lapses[0].given_up);
  EXPECT_TRUE(queue.expire(at(16)).empty());
  EXPECT_EQ(queue.render(), "waiting: a b; leased:");
}

TEST(Queue, SignOfLifeKeepsEveryLeaseOfItsAgentOnly) {
  Queue queue({seconds(15), 3});
  queue.submit("a", {});
  queue.submit("b", {});
  (void)queue.lease("x", at(0));
  (void)queue.lease("y", at(0));
  queue.renew("x", at(10));
  auto lapses = queue.expire(at(20));
  ASSERT_EQ(lapses.size(), 1u);
  EXPECT_EQ(lapses[0].scan_id, "b");
}

TEST(Queue, StaleAttemptIsRefused) {
  Queue queue({seconds(15), 3});
  queue.submit("a", {});
  EXPECT_EQ(queue.lease("x", at(0))->attempt, 1u);
  (void)queue.expire(at(15));
  EXPECT_FALSE(queue.holds("x", "a", 1));
  EXPECT_EQ(queue.lease("y", at(16))->attempt, 2u);
  EXPECT_FALSE(queue.complete("x", "a", 1));
  EXPECT_TRUE(queue.complete("y", "a", 2));
  EXPECT_FALSE(queue.complete("y", "a", 2));
}

TEST(Queue, OnlyTheAgentThatHoldsALeaseSpeaksForIt) {
  Queue queue({seconds(15), 3});
  queue.submit("a", {});
  (void)queue.lease("x", at(0));
  EXPECT_TRUE(queue.holds("x", "a", 1));
  EXPECT_FALSE(queue.holds("y", "a", 1));
  EXPECT_FALSE(queue.complete("y", "a", 1));
  EXPECT_EQ(queue.render(), "waiting:; leased: a/1 by x");
}

TEST(Queue, KnowsEveryJobUntilItEnds) {
  Queue queue({seconds(15), 3});
  EXPECT_FALSE(queue.knows("a"));
  queue.submit("a", {});
  EXPECT_TRUE(queue.knows("a"));
  (void)queue.lease("x", at(0));
  EXPECT_TRUE(queue.knows("a"));
  EXPECT_TRUE(queue.complete("x", "a", 1));
  EXPECT_FALSE(queue.knows("a"));
}

TEST(Queue, JobIsGivenUpAfterItsLastAttempt) {
  Queue queue({seconds(15), 2});
  queue.submit("a", {}, 1);  // one attempt was made before a restart
  EXPECT_EQ(queue.lease("x", at(0))->attempt, 2u);
  auto lapses = queue.expire(at(15));
  ASSERT_EQ(lapses.size(), 1u);
  EXPECT_TRUE(lapses[0].given_up);
  EXPECT_EQ(queue.render(), "waiting:; leased:");
}

TEST(Queue, CancelTakesTheJobOutAndNamesItsHolder) {
  Queue queue({seconds(15), 3});
  queue.submit("a", {});
  queue.submit("b", {});
  (void)queue.lease("x", at(0));
  EXPECT_EQ(queue.cancel("a"), "x");
  EXPECT_EQ(queue.cancel("b"), std::nullopt);
  EXPECT_EQ(queue.cancel("nothing"), std::nullopt);
  EXPECT_EQ(queue.render(), "waiting:; leased:");
}

// Every job ends exactly once, whatever the order of leases, lapses, completions and cancellations.
TEST(Queue, RandomSequencesEndEveryJobOnce) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    Queue queue({seconds(15), 3});
    std::map<std::string, int> ends;
    std::vector<std::pair<std::string, Queue::Grant>> grants;
    int now = 0, made = 0;
    for (int step = 0; step < 400; ++step) {
      now += static_cast<int>(random() % 4);
      switch (random() % 6) {
        case 0:
          if (made < 60) queue.submit("j" + std::to_string(made++), {});
          break;
        case 1:
        case 2: {
          std::string agent = "a" + std::to_string(random() % 3);
          if (auto grant = queue.lease(agent, at(now))) grants.emplace_back(agent, *grant);
        } break;
        case 3:
          if (!grants.empty()) {
            auto& [agent, grant] = grants[random() % grants.size()];
            if (queue.complete(agent, grant.scan_id, grant.attempt)) ++ends[grant.scan_id];
          }
          break;
        case 4:
          queue.renew("a" + std::to_string(random() % 3), at(now));
          break;
        default:
          for (auto& lapse : queue.expire(at(now))) {
            EXPECT_LE(lapse.attempt, 3u);
            if (lapse.given_up) ++ends[lapse.scan_id];
          }
      }
    }
    while (queue.waiting() + queue.leased() > 0) {
      now += 20;
      for (auto& lapse : queue.expire(at(now)))
        if (lapse.given_up) ++ends[lapse.scan_id];
      while (auto grant = queue.lease("a0", at(now)))
        if (random() % 2 && queue.complete("a0", grant->scan_id, grant->attempt)) ++ends[grant->scan_id];
    }
    EXPECT_EQ(ends.size(), static_cast<size_t>(made)) << "seed " << seed;
    for (auto& [id, count] : ends) EXPECT_EQ(count, 1) << id << " seed " << seed;
  }
}

TEST(Dispatch, GivesNoAgentMoreThanItsCreditAndTakesThemInTurn) {
  Queue queue({seconds(15), 3});
  for (const char* id : {"a", "b", "c", "d"}) queue.submit(id, {});
  Dispatch dispatch;
  dispatch.set_credit("x", 2);
  dispatch.set_credit("y", 1);
  std::string who;
  for (auto& assignment : dispatch.assign(queue, at(0)))
    who += assignment.agent + assignment.grant.scan_id + " ";
  EXPECT_EQ(who, "xa yb xc ");
  EXPECT_TRUE(dispatch.assign(queue, at(0)).empty());
  dispatch.forget("x");
  dispatch.set_credit("y", 1);
  EXPECT_EQ(dispatch.assign(queue, at(0)).at(0).grant.scan_id, "d");
}

TEST(Dispatch, WithoutAgentsNothingIsLeased) {
  Queue queue({seconds(15), 3});
  queue.submit("a", {});
  EXPECT_TRUE(Dispatch().assign(queue, at(0)).empty());
}

}  // namespace
}  // namespace assay
