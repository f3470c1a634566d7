// Weeks of a nightly sweep in short: the store stays within its budget on the disk itself.
#include "tests/nights.h"

#include <gtest/gtest.h>

#include "tests/store_check.h"
#include "tests/support.h"

namespace assay {
namespace {

TEST(Nights, StayWithinTheBudgetOnDisk) {
  TempDir dir;
  auto store = Store::open(dir.path() / "store", Store::Mode::read_write);
  ASSERT_TRUE(store) << store.error().what;
  auto rules = RuleSet::compile({});
  ASSERT_TRUE(rules);
  std::vector<Replay> replays;
  for (const char* name : {"nginx", "miner"}) {
    auto replay = Replay::load(std::string(ASSAY_SOURCE_DIR "/tests/traces/") + name + ".trace", *rules);
    ASSERT_TRUE(replay) << replay.error().what;
    replays.push_back(std::move(*replay));
  }
  replays[0].verdict = "clean";
  replays[1].verdict = "malicious";
  Nights nights(**store, std::move(replays));
  RetentionPolicy policy;
  policy.budget_bytes = 6 << 20;
  std::string pinned = Nights::id_of(0, 1);
  uint64_t taken = 0;
  for (int night = 0; night < 8; ++night) {
    Status swept = nights.sweep(night, 30, [](int scan) { return scan % 10 == 0 ? size_t{1} : size_t{0}; });
    ASSERT_TRUE(swept) << swept.error().what;
    if (night == 0) {
      ASSERT_TRUE(nights.pin(pinned));
    }
    auto counts = nights.prune(policy, night);
    ASSERT_TRUE(counts) << counts.error().what;
    taken += counts->kinds[static_cast<size_t>(KeptKind::traces)].scans;
    uint64_t on_disk = 0;
    for (const auto& entry : std::filesystem::directory_iterator(dir.path() / "store"))
      on_disk += entry.file_size();
    EXPECT_LE(on_disk, policy.budget_bytes) << "after night " << night;
    EXPECT_GT(on_disk, policy.budget_bytes / 3) << "took too much in night " << night;
  }
  EXPECT_GT(taken, 100u);
  Keep keep(**store);
  for (const std::string& id : {pinned, Nights::id_of(0, 10), Nights::id_of(7, 29)}) {
    Status read = keep.each_event(id, [](const Event&) {});
    EXPECT_TRUE(read) << read.error().what;  // pinned; malicious, which goes after all clean ones; the newest
  }
  auto dangling = StoreCheck::dangling(**store);
  EXPECT_TRUE(dangling.empty()) << dangling.size() << ", the first: " << dangling.front();
}

}  // namespace
}  // namespace assay
