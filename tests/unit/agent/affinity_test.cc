// The list of repositories that a host knows, across restarts.
#include "agent/affinity.h"

#include <gtest/gtest.h>

#include "common/fd.h"
#include "common/wire.h"
#include "tests/support.h"

namespace assay {
namespace {

TEST(AffinityList, KeepsTheLastOnesInTheOrderOfTheirUse) {
  TempDir dir;
  auto file = dir.path() / "cached";
  {
    auto list = AffinityList::load(file);
    for (uint64_t key : {1u, 2u, 3u, 1u}) ASSERT_TRUE(list.use(key));
  }
  EXPECT_EQ(AffinityList::load(file).keys(), (std::vector<uint64_t>{2, 3, 1}));
}

TEST(AffinityList, DropsTheOldestBeyondWhatAHelloHolds) {
  TempDir dir;
  auto list = AffinityList::load(dir.path() / "cached");
  for (uint64_t key = 1; key <= wire::kMaxCached + 2; ++key) ASSERT_TRUE(list.use(key));
  EXPECT_EQ(list.keys().size(), wire::kMaxCached);
  EXPECT_EQ(list.keys().front(), 3u);
  EXPECT_EQ(AffinityList::load(dir.path() / "cached").keys(), list.keys());
}

TEST(AffinityList, TakesFromADamagedFileWhatIsRight) {
  TempDir dir;
  ASSERT_TRUE(write_file(dir.path() / "cached", "a\nnonsense\n0\n\nfffffffffffffffff\na\nb"));
  EXPECT_EQ(AffinityList::load(dir.path() / "cached").keys(), (std::vector<uint64_t>{10, 11}));
}

}  // namespace
}  // namespace assay
