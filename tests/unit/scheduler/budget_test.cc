// Token buckets by registry.
#include "scheduler/budget.h"

#include <gtest/gtest.h>

#include "queue_support.h"

namespace assay {
namespace {

using std::chrono::seconds;

// How many pulls there were at this time, and when the next may be.
std::string pulls(Budgets& budgets, const std::string& host, int64_t ms) {
  int made = 0;
  while (budgets.opens(host) <= at(ms) && made < 100) {
    budgets.take(host, at(ms));
    ++made;
  }
  auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(budgets.opens(host) - at(ms));
  return std::to_string(made) + (made < 100 ? ", then after " + std::to_string(wait.count()) : "");
}

TEST(Budgets, GiveABurstThenTheRate) {
  Budgets budgets({{"r", {10, seconds(60), 3}}});
  EXPECT_EQ(pulls(budgets, "r", 0), "3, then after 6000");
  EXPECT_EQ(pulls(budgets, "r", 5999), "0, then after 1");
  EXPECT_EQ(pulls(budgets, "r", 6000), "1, then after 6000");
  EXPECT_EQ(pulls(budgets, "r", 15000), "1, then after 3000");
  EXPECT_EQ(pulls(budgets, "r", 1000000), "3, then after 6000");
}

TEST(Budgets, AreOffByDefault) {
  Budgets budgets;
  EXPECT_EQ(pulls(budgets, "r", 0), "100");
}

TEST(Budgets, FallbackIsForEachHostByItself) {
  Budgets budgets({{"free", {}}}, {1, seconds(1), 1});
  EXPECT_EQ(pulls(budgets, "a", 0), "1, then after 1000");
  EXPECT_EQ(pulls(budgets, "b", 0), "1, then after 1000");
  EXPECT_EQ(pulls(budgets, "free", 0), "100");
  EXPECT_EQ(pulls(budgets, "", 0), "100");  // not from a registry
}

TEST(Budgets, BlockHoldsWhateverTheBudgetAndOnlyGrows) {
  Budgets budgets({{"r", {1, seconds(1), 1}}});
  for (const char* host : {"r", "unlimited"}) {
    budgets.block(host, at(9000));
    budgets.block(host, at(5000));
    EXPECT_TRUE(budgets.blocked(host, at(8999)));
    EXPECT_EQ(pulls(budgets, host, 8999), "0, then after 1");
    EXPECT_FALSE(budgets.blocked(host, at(9000)));
    EXPECT_NE(pulls(budgets, host, 9000), "0");
  }
  budgets.block("", at(9000));
  EXPECT_EQ(pulls(budgets, "", 0), "100");
}

TEST(Budgets, NameWhoIsLeftAloneNow) {
  Budgets budgets;
  budgets.block("slow.example", QueueTime(seconds(10)));
  budgets.block("slower.example", QueueTime(seconds(20)));
  auto names = budgets.all_blocked(QueueTime(seconds(9)));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"slow.example", "slower.example"}));
  EXPECT_EQ(budgets.all_blocked(QueueTime(seconds(10))), std::vector<std::string>{"slower.example"});
  EXPECT_EQ(budgets.all_blocked(QueueTime(seconds(20))), std::vector<std::string>{});
}

TEST(Budgets, ForgettingTheIdleForgetsNoLimit) {
  Budgets budgets({}, {1, seconds(10), 1});
  for (int i = 0; i < 5000; ++i) budgets.take("h" + std::to_string(i), at(i < 2500 ? 0 : 5000));
  budgets.forget_idle(at(10000));
  EXPECT_LE(budgets.opens("h0"), at(10000));
  EXPECT_EQ(budgets.opens("h4999"), at(15000));
}

}  // namespace
}  // namespace assay
