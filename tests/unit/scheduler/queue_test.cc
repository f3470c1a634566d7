// The queue's transitions, one by one. Random sequences of them are in farm_model_test.cc.
#include "scheduler/queue.h"

#include <gtest/gtest.h>

#include "queue_support.h"

namespace assay {
namespace {

using std::chrono::seconds;

// What dispatch does, without its rules.
std::string lease(Queue& queue, const std::string& agent, int64_t ms) {
  auto lane = queue.backlog().turn({}, {});
  if (!lane) return "";
  Entry& entry = *queue.backlog().next(*lane);
  uint32_t attempt = queue.lease(entry, agent, at(ms));
  return entry.job.scan_id + "/" + std::to_string(attempt);
}

std::string text(const std::vector<Lapse>& lapses) {
  std::string out;
  for (auto& lapse : lapses)
    out += lapse.scan_id + "/" + std::to_string(lapse.attempt) + " by " + lapse.agent + " failures " +
           std::to_string(lapse.failures) + (lapse.given_up ? " given up; " : "; ");
  return out;
}

TEST(Queue, LeasesInTheOrderOfSubmission) {
  Queue queue;
  queue.submit(job("a"), at(0));
  queue.submit(job("b"), at(0));
  EXPECT_EQ(lease(queue, "x", 0), "a/1");
  EXPECT_EQ(queue.render(), "ready: b; delayed:; leased: a/1 by x");
  EXPECT_EQ(lease(queue, "y", 0), "b/1");
  EXPECT_EQ(lease(queue, "x", 0), "");
}

TEST(Queue, ExpiredLeaseReturnsJobOnceAfterItsDelay) {
  Queue queue;
  queue.submit(job("a"), at(0));
  lease(queue, "x", 0);
  EXPECT_EQ(queue.next_deadline(), at(15000));
  EXPECT_EQ(text(queue.expire(at(14999))), "");
  EXPECT_EQ(text(queue.expire(at(15000))), "a/1 by x failures 1; ");
  EXPECT_EQ(queue.render(), "ready:; delayed: a until 17000 ms; leased:");
  EXPECT_EQ(queue.next_deadline(), at(17000));
  EXPECT_EQ(text(queue.expire(at(16999))), "");
  EXPECT_EQ(queue.ready(), 0u);
  EXPECT_EQ(text(queue.expire(at(17000))), "");
  EXPECT_EQ(queue.render(), "ready: a; delayed:; leased:");
  EXPECT_EQ(queue.next_deadline(), QueueTime::max());
}

TEST(Queue, DelayDoublesWithEachFailureUpToItsLimit) {
  QueueLimits limits;
  limits.failures = 100;
  limits.longest_delay = seconds(9);
  Queue queue(limits);
  queue.submit(job("a"), at(0));
  std::string delays;
  int64_t now = 0;
  for (uint32_t attempt = 1; attempt <= 6; ++attempt) {
    lease(queue, "x", now);
    ASSERT_TRUE(queue.fail("x", "a", attempt, at(now)));
    auto delay = std::chrono::duration_cast<seconds>(queue.next_deadline() - at(now));
    delays += std::to_string(delay.count()) + " ";
    now += delay.count() * 1000;
    queue.expire(at(now));
  }
  EXPECT_EQ(delays, "2 4 8 9 9 9 ");
}

TEST(Queue, SignOfLifeKeepsEveryLeaseOfItsAgentOnly) {
  Queue queue;
  for (const char* id : {"a", "b", "c"}) queue.submit(job(id), at(0));
  lease(queue, "x", 0);
  lease(queue, "y", 0);
  lease(queue, "x", 1000);
  queue.renew("x", at(10000));
  queue.renew("nobody", at(10000));
  EXPECT_EQ(text(queue.expire(at(20000))), "b/1 by y failures 1; ");
  EXPECT_EQ(text(queue.expire(at(25000))), "a/1 by x failures 1; c/1 by x failures 1; ");
}

TEST(Queue, LeaseThatWasGivenLaterEndsLater) {
  Queue queue;
  for (const char* id : {"a", "b"}) queue.submit(job(id), at(0));
  lease(queue, "x", 0);
  lease(queue, "x", 7000);
  EXPECT_EQ(text(queue.expire(at(15000))), "a/1 by x failures 1; ");
  EXPECT_TRUE(queue.holds("x", "b", 1));
  EXPECT_EQ(text(queue.expire(at(22000))), "b/1 by x failures 1; ");
}

TEST(Queue, StaleAttemptIsRefused) {
  Queue queue;
  queue.submit(job("a"), at(0));
  EXPECT_EQ(lease(queue, "x", 0), "a/1");
  queue.expire(at(15000));
  EXPECT_FALSE(queue.holds("x", "a", 1));
  EXPECT_FALSE(queue.fail("x", "a", 1, at(15000)));
  EXPECT_FALSE(queue.hand_back("x", "a", 1, at(15000)));
  queue.expire(at(17000));
  EXPECT_EQ(lease(queue, "y", 17000), "a/2");
  EXPECT_FALSE(queue.complete("x", "a", 1));
  EXPECT_FALSE(queue.complete("x", "a", 2));
  EXPECT_TRUE(queue.complete("y", "a", 2));
  EXPECT_FALSE(queue.complete("y", "a", 2));
}

TEST(Queue, OnlyTheAgentThatHoldsALeaseSpeaksForIt) {
  Queue queue;
  queue.submit(job("a"), at(0));
  lease(queue, "x", 0);
  EXPECT_EQ(queue.holder("a"), "x");
  EXPECT_FALSE(queue.complete("y", "a", 1));
  EXPECT_FALSE(queue.fail("y", "a", 1, at(0)));
  EXPECT_FALSE(queue.hand_back("y", "a", 1, at(0)));
  EXPECT_EQ(queue.render(), "ready:; delayed:; leased: a/1 by x");
}

TEST(Queue, JobIsGivenUpAfterItsLastFailure) {
  QueueLimits limits;
  limits.failures = 2;
  Queue queue(limits);
  QueuedJob before = job("a");
  before.attempts = 7;
  before.failures = 1;  // before a restart
  queue.submit(before, at(0));
  EXPECT_EQ(lease(queue, "x", 0), "a/8");
  auto lapse = queue.fail("x", "a", 8, at(1));
  ASSERT_TRUE(lapse);
  EXPECT_EQ(text({*lapse}), "a/8 by x failures 2 given up; ");
  EXPECT_FALSE(queue.knows("a"));
  EXPECT_TRUE(queue.tenants().empty());
}

TEST(Queue, HandedBackJobDoesNotCountAndIsNextInItsFlow) {
  Queue queue;
  for (const char* id : {"a", "b", "c"}) queue.submit(job(id), at(0));
  lease(queue, "x", 0);
  lease(queue, "x", 0);
  auto lapse = queue.hand_back("x", "b", 1, at(5));
  ASSERT_TRUE(lapse);
  EXPECT_EQ(text({*lapse}), "b/1 by x failures 0; ");
  ASSERT_TRUE(queue.hand_back("x", "a", 1, at(6)));
  EXPECT_EQ(lease(queue, "y", 7), "a/2");
  EXPECT_EQ(lease(queue, "y", 7), "b/2");
  EXPECT_EQ(lease(queue, "y", 7), "c/1");
}

TEST(Queue, CancelTakesTheJobOutWhereverItIsAndNamesItsHolder) {
  Queue queue;
  for (const char* id : {"a", "b", "c"}) queue.submit(job(id), at(0));
  lease(queue, "x", 0);
  lease(queue, "y", 0);
  queue.fail("y", "b", 1, at(0));
  EXPECT_EQ(queue.render(), "ready: c; delayed: b until 2000 ms; leased: a/1 by x");
  EXPECT_EQ(queue.cancel("a"), "x");
  EXPECT_EQ(queue.cancel("b"), std::nullopt);
  EXPECT_EQ(queue.cancel("c"), std::nullopt);
  EXPECT_EQ(queue.cancel("nothing"), std::nullopt);
  EXPECT_EQ(queue.render(), "ready:; delayed:; leased:");
  EXPECT_EQ(queue.next_deadline(), QueueTime::max());
}

TEST(Queue, RestartedAgentLosesTheLeasesThatItDoesNotHoldAnyMore) {
  Queue queue;
  for (const char* id : {"a", "b", "c"}) queue.submit(job(id), at(0));
  lease(queue, "x", 0);
  lease(queue, "x", 0);
  lease(queue, "y", 0);
  // Of another attempt, and of another agent: neither is a lease of its own.
  EXPECT_EQ(text(queue.release("x", {{"a", 1}, {"b", 2}, {"c", 1}}, at(10))), "b/1 by x failures 1; ");
  EXPECT_EQ(queue.render(), "ready:; delayed: b until 2010 ms; leased: a/1 by x c/1 by y");
  EXPECT_EQ(text(queue.release("x", {}, at(10))), "a/1 by x failures 1; ");
  EXPECT_EQ(text(queue.release("x", {}, at(10))), "");
}

TEST(Queue, RestoredLeaseRunsAnewAndKeepsItsAttempt) {
  Queue queue;
  QueuedJob before = job("a");
  before.attempts = 3;
  queue.restore(before, "x", at(1000));
  EXPECT_TRUE(queue.holds("x", "a", 3));
  EXPECT_EQ(queue.next_deadline(), at(16000));
  EXPECT_EQ(text(queue.expire(at(16000))), "a/3 by x failures 1; ");
}

TEST(Queue, ClockThatStepsBackStandsStill) {
  Queue queue;
  for (const char* id : {"a", "b"}) queue.submit(job(id), at(100000));
  lease(queue, "x", 100000);
  lease(queue, "x", 10);
  queue.renew("x", at(20));
  EXPECT_EQ(text(queue.expire(at(114999))), "");
  EXPECT_EQ(text(queue.expire(at(115000))), "a/1 by x failures 1; b/1 by x failures 1; ");
}

TEST(Queue, CountsByLaneAndTenant) {
  Queue queue;
  queue.submit(job("a", Lane::gate, "t"), at(0));
  queue.submit(job("b", Lane::sweep, "t"), at(500));
  queue.submit(job("c", Lane::sweep, "u"), at(2000));
  lease(queue, "x", 2000);
  auto lanes = queue.lanes(at(3000));
  EXPECT_EQ(lanes[0].leased, 1u);
  EXPECT_EQ(lanes[0].oldest_wait.count(), 0);
  EXPECT_EQ(lanes[3].ready, 2u);
  EXPECT_EQ(lanes[3].oldest_wait.count(), 2500);
  EXPECT_EQ(queue.tenants().at("t").waiting, 1u);
  EXPECT_EQ(queue.tenants().at("t").leased, 1u);
  EXPECT_EQ(queue.tenants().at("u").waiting, 1u);
  EXPECT_EQ(queue.leased_by("x"), 1u);
  queue.fail("x", "a", 1, at(3000));
  EXPECT_EQ(queue.lanes(at(3000))[0].delayed, 1u);
  EXPECT_EQ(queue.tenants().at("t").waiting, 2u);
}

TEST(Queue, SaysWhereAJobIs) {
  Queue queue;
  for (const char* id : {"a", "b", "c"}) queue.submit(job(id), at(0));
  queue.submit(job("d", Lane::sweep), at(0));
  lease(queue, "x", 0);
  lease(queue, "x", 0);
  queue.fail("x", "b", 1, at(0));
  EXPECT_EQ(queue.explain("a", at(12000)), "leased to x for 12 s, attempt 1");
  EXPECT_EQ(queue.explain("b", at(500)), "waits 1 s more, after failure 1 of 3");
  EXPECT_EQ(queue.explain("c", at(0)), "waits for its turn: 1 ready in lane batch, 0 in the lanes above");
  EXPECT_EQ(queue.explain("d", at(0)), "waits for its turn: 1 ready in lane sweep, 1 in the lanes above");
  EXPECT_EQ(queue.explain("nothing", at(0)), "");
}

}  // namespace
}  // namespace assay
