// The ledger of the farm's simulation: what it must notice, it notices.
#include "tests/farm/ledger.h"

#include <gtest/gtest.h>

namespace assay::farm {
namespace {

using What = SimSeen::What;

class LedgerTest : public testing::Test {
 protected:
  SimAgent agent(const std::string& name) {
    return SimAgent(name, settings_, 1, [](const std::string&) -> Result<Socket> {
      return Error{Errc::unreachable, "no farm here"};
    });
  }
  void accept(const std::string& tenant, size_t jobs, const std::string& lane = kFairLane) {
    Slice slice{"1", tenant, lane, {}};
    std::vector<std::string> ids;
    for (size_t i = 0; i < jobs; ++i) {
      slice.refs.push_back(ref(tenant, lane, i));
      ids.push_back(tenant + std::to_string(i));
    }
    ledger_.accepted(slice, ids, SimTime() + std::chrono::seconds(1));
  }
  static std::string ref(const std::string& tenant, const std::string& lane, size_t i) {
    return SimImage{SimImage::Kind::good, tenant, lane + "-" + std::to_string(i)}.ref();
  }
  void lease(const std::string& tenant, size_t from, size_t count, const std::string& lane = kFairLane) {
    SimAgent a = agent("a");
    for (size_t i = from; i < from + count; ++i)
      ledger_.saw(a, {What::leased, tenant + std::to_string(i), 1, ref(tenant, lane, i)},
                  SimTime() + std::chrono::seconds(2));
  }
  SimSettings settings_;
  Ledger ledger_{{{"acme", 3}, {"bolt", 1}}};
};

TEST_F(LedgerTest, SameAttemptWithTwoAgentsIsNoted) {
  SimAgent a = agent("a"), b = agent("b");
  ledger_.saw(a, {What::leased, "x", 1, ""}, SimTime());
  ledger_.saw(a, {What::leased, "x", 1, ""}, SimTime());
  EXPECT_TRUE(ledger_.doubles().empty());
  ledger_.saw(b, {What::leased, "x", 1, ""}, SimTime());
  EXPECT_EQ(ledger_.doubles(), std::vector<std::string>{"x attempt 1: a, b"});
}

TEST_F(LedgerTest, RemembersTheLatestAttemptThoughAnOlderLeaseIsReadLater) {
  SimAgent a = agent("a"), b = agent("b");
  ledger_.saw(b, {What::leased, "x", 2, ""}, SimTime());
  ledger_.saw(a, {What::leased, "x", 1, ""}, SimTime());
  EXPECT_EQ(ledger_.jobs().at("x").attempt, 2u);
  EXPECT_EQ(ledger_.jobs().at("x").agent, "b");
  EXPECT_TRUE(ledger_.doubles().empty());
}

TEST_F(LedgerTest, LeasesByTheWeightsAreFair) {
  accept("acme", 2000);
  accept("bolt", 2000);
  for (size_t i = 0; i < 100; ++i) {
    lease("acme", 3 * i, 3);
    lease("bolt", i, 1);
  }
  EXPECT_EQ(ledger_.fair_leases(), 400u);
  EXPECT_LT(ledger_.unfairness(), 0.01);
}

TEST_F(LedgerTest, EqualLeasesWithUnequalWeightsAreUnfair) {
  accept("acme", 2000);
  accept("bolt", 2000);
  for (size_t i = 0; i < 100; ++i) {
    lease("acme", i, 1);
    lease("bolt", i, 1);
  }
  EXPECT_DOUBLE_EQ(ledger_.unfairness(), 1.0);  // bolt has twice its due
}

TEST_F(LedgerTest, LeasesOfAnotherLaneAreNotWeighed) {
  accept("acme", 2000);
  accept("bolt", 2000, "gate");
  lease("bolt", 0, 1000, "gate");
  EXPECT_EQ(ledger_.fair_leases(), 0u);
}

TEST_F(LedgerTest, LeaseOfAJobWhosePostWasNotAnsweredIsItsTenantsTurn) {
  accept("acme", 2000);
  accept("bolt", 2000);
  for (size_t i = 0; i < 100; ++i) {
    lease("acme", 3 * i, 3);
    lease("bolt", 5000 + i, 1);
  }
  EXPECT_EQ(ledger_.fair_leases(), 400u);
  EXPECT_LT(ledger_.unfairness(), 0.01);
}

TEST_F(LedgerTest, WhileOneTenantHasNothingWaitingNothingIsUnfair) {
  accept("acme", 2000);
  lease("acme", 0, 1000);
  EXPECT_EQ(ledger_.fair_leases(), 0u);
  EXPECT_EQ(ledger_.unfairness(), 0);
}

}  // namespace
}  // namespace assay::farm
