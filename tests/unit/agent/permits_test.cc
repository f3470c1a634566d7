// Who may run, and what more can be taken.
#include "agent/permits.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

constexpr uint64_t kGiB = 1ull << 30;
const wire::Capacity kHost{2, 4000, 8 * kGiB};

std::string join(const std::vector<std::string>& keys) {
  std::string out;
  for (const std::string& key : keys) out += key;
  return out;
}
std::string told(const wire::Want& want) {
  return std::to_string(want.credit) + " of " + std::to_string(want.cpu_millis) + " " +
         std::to_string(want.memory_bytes / kGiB);
}

TEST(Permits, AsManyRunAsThereAreSlotsTheOthersWait) {
  Permits permits(kHost, 1);
  for (const char* key : {"a", "b", "c"}) {
    ASSERT_TRUE(permits.take(key, {1000, kGiB}));
    permits.ask(key);
  }
  EXPECT_EQ(join(permits.grant()), "ab");
  EXPECT_EQ(join(permits.grant()), "");
  permits.end("a");
  EXPECT_EQ(join(permits.grant()), "c");
  EXPECT_EQ(permits.running(), 2u);
}

TEST(Permits, WhoIsReadyDoesNotWaitForOneThatStillPulls) {
  Permits permits(kHost, 1);
  ASSERT_TRUE(permits.take("a", {1000, kGiB}));
  ASSERT_TRUE(permits.take("b", {1000, kGiB}));
  permits.ask("b");
  EXPECT_EQ(join(permits.grant()), "b");
  permits.ask("a");
  EXPECT_EQ(join(permits.grant()), "a");
}

TEST(Permits, ASmallJobDoesNotPassALargeOneThatIsReady) {
  Permits permits(kHost, 2);
  ASSERT_TRUE(permits.take("a", {1000, 6 * kGiB}));
  ASSERT_TRUE(permits.take("b", {1000, 4 * kGiB}));
  ASSERT_TRUE(permits.take("c", {1000, kGiB}));
  for (const char* key : {"a", "b", "c"}) permits.ask(key);
  EXPECT_EQ(join(permits.grant()), "a");
  permits.end("a");
  EXPECT_EQ(join(permits.grant()), "bc");
}

TEST(Permits, ProcessorsBoundWhatRuns) {
  Permits permits(kHost, 0);
  ASSERT_TRUE(permits.take("a", {3000, kGiB}));
  ASSERT_TRUE(permits.take("b", {2000, kGiB}));
  permits.ask("a");
  permits.ask("b");
  EXPECT_EQ(join(permits.grant()), "a");
  permits.end("a");
  EXPECT_EQ(join(permits.grant()), "b");
}

TEST(Permits, AJobTooLargeForTheHostIsRefusedAtOnce) {
  Permits permits(kHost, 1);
  EXPECT_EQ(permits.take("a", {4001, kGiB}).error().what, "the job needs 4001/1000 CPU, this agent has 4000");
  EXPECT_EQ(permits.take("a", {1000, 9 * kGiB}).error().what,
            "the job needs 9216 MiB of memory, this agent has 8192 MiB for guests");
  EXPECT_EQ(told(permits.offer()), "3 of 4000 8");
}

TEST(Permits, OffersWhatIsFreeAndForPrefetchAllItHas) {
  Permits permits(kHost, 1);
  EXPECT_EQ(told(permits.offer()), "3 of 4000 8");
  ASSERT_TRUE(permits.take("a", {1000, 2 * kGiB}));
  EXPECT_EQ(told(permits.offer()), "2 of 3000 6");
  ASSERT_TRUE(permits.take("b", {1000, 2 * kGiB}));
  EXPECT_EQ(told(permits.offer()), "1 of 4000 8");
  ASSERT_TRUE(permits.take("c", {1000, 2 * kGiB}));
  EXPECT_EQ(told(permits.offer()).substr(0, 1), "0");
  EXPECT_EQ(permits.take("d", {1000, kGiB}).error().what, "all places of this agent are taken");
}

TEST(Permits, OneThatEndsBeforeItsTurnLeavesItsPlace) {
  Permits permits({1, 1000, kGiB}, 1);
  ASSERT_TRUE(permits.take("a", {1000, kGiB}));
  ASSERT_TRUE(permits.take("b", {1000, kGiB}));
  permits.ask("a");
  permits.ask("b");
  EXPECT_EQ(join(permits.grant()), "a");
  EXPECT_TRUE(permits.runs("a"));
  permits.end("b");
  permits.end("a");
  EXPECT_EQ(join(permits.grant()), "");
  EXPECT_EQ(permits.offer().credit, 2u);
}

}  // namespace
}  // namespace assay
