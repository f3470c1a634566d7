// Stores of earlier formats brought up to date, looked at, and brought back, over real stores on disk.
#include "scheduler/migrate.h"

#include <gtest/gtest.h>

#include "scheduler/control.h"
#include "scheduler/keep_keys.h"
#include "scheduler/score/report.h"
#include "scheduler/store_files.h"
#include "tests/support.h"
#include "tests/unit/scheduler/keep_samples.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using namespace sample;

TEST(Migrations, LeadFromTheFirstFormatToOursStepByStep) {
  auto path = migration_path(1, kStoreFormat, migrations());
  ASSERT_TRUE(path) << path.error().what;
  EXPECT_EQ(path->size(), migrations().size());
  EXPECT_TRUE(all_additive(*path));
  EXPECT_FALSE(all_reversible(*path));
  EXPECT_TRUE(migration_path(kStoreFormat, kStoreFormat, migrations())->empty());
}

TEST(Migrations, WayThroughATableIsItsStepsInOrder) {
  const std::vector<Migration> table = {
      {1, 2, "a", true, true}, {2, 4, "b", false, true}, {4, 5, "c", true, false}};
  auto path = migration_path(2, 5, table);
  ASSERT_TRUE(path);
  ASSERT_EQ(path->size(), 2u);
  EXPECT_STREQ((*path)[1].what, "c");
  EXPECT_FALSE(all_additive(*path));
  EXPECT_EQ(str(migration_path(2, 3, table).error()),
            "unsupported: there is no way from store format 2 to 3");
  EXPECT_EQ(str(migration_path(5, 4, table).error()),
            "unsupported: there is no way from store format 5 to 4");
  const std::vector<Migration> loops = {{1, 1, "never ends", true, true}};
  EXPECT_FALSE(migration_path(1, 2, loops));
}

class Migrate : public testing::Test {
 protected:
  // Two scans that are done and one that waits, as an assay of before all kinds of traits kept them.
  void SetUp() override {
    auto store = open();
    ASSERT_TRUE(Keep(*store).upgrade());
    for (const std::string& id : {kOlder, kId}) end(*store, id);
    ASSERT_EQ(commit(*store, Keep::submitted(record(kNewer, ScanState::queued))), "ok");
    ASSERT_TRUE(store->write({{Family::reports, kOlder + keep_keys::kTraits, "", true},
                              {Family::index, keep_keys::kAllIndexed, "", true},
                              {Family::open, keep_keys::kLayoutKey, "2"}}));
  }
  static void end(Store& store, const std::string& id) {
    Report report;
    report.dns_names = {"evil.test"};
    ScanRecord queued = record(id, ScanState::queued), done = record(id, ScanState::done);
    queued.submission.batch.clear();
    done.submission.batch.clear();
    done.same_as.clear();
    ASSERT_EQ(commit(store, Keep::submitted(queued)), "ok");
    ASSERT_EQ(commit(store, Keep::reported(queued, done, report_json(report), traits_of(report))), "ok");
  }
  // As the first assay left it: who is open is not said anywhere.
  void make_first_format() const {
    auto store = open();
    ASSERT_TRUE(store->write({{Family::open, "", "", true, "\xff"}}));
  }
  std::unique_ptr<Store> open(Store::Mode mode = Store::Mode::read_write) const {
    auto store = Store::open(data_, mode);
    EXPECT_TRUE(store) << store.error().what;
    return store ? std::move(*store) : nullptr;
  }
  uint32_t format() const { return *Keep(*open(Store::Mode::read_only)).format(); }
  bool knows_all() const { return *Keep(*open(Store::Mode::read_only)).knows_all(); }
  std::string everything() const {
    auto store = open(Store::Mode::read_only);
    std::string out;
    for (size_t i = 0; store && i < kFamilies; ++i)
      EXPECT_TRUE(
          store->scan(static_cast<Family>(i), "", false, [&](std::string_view key, std::string_view value) {
            out += std::string(to_string(static_cast<Family>(i))) + " " + std::string(key) + "=" +
                   std::string(value) + "\n";
            return true;
          }));
    return out;
  }
  static std::string told(const std::vector<PlannedStep>& steps) {
    std::string out;
    for (const PlannedStep& step : steps)
      out += std::to_string(step.migration.from) + ">" + std::to_string(step.migration.to) + " " +
             std::to_string(step.records) + "/" + std::to_string(step.looked_at) + " ";
    return out;
  }
  static std::string told(const Result<WentBack>& went) {
    if (!went) return str(went.error());
    return std::to_string(went->from) + ">" + std::to_string(went->to) +
           (went->by_checkpoint ? " by checkpoint, lost " : " by number, lost ") + std::to_string(went->lost);
  }

  TempDir dir_;
  fs::path data_ = dir_.path() / "store";
  fs::path checkpoint_ = data_ / "checkpoints" / "before-3";
};

TEST_F(Migrate, LookingCountsAndChangesNothing) {
  std::string before = everything();
  auto plan = plan_migration(data_);
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->from, 2u);
  EXPECT_EQ(told(plan->steps), "2>3 1/3 ");
  EXPECT_EQ(everything(), before);
}

TEST_F(Migrate, CompletesTheIndexWithACheckpointBesideItAndOnce) {
  EXPECT_FALSE(knows_all());
  auto done = migrate_store(data_);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(told(done->steps), "2>3 1/3 ");
  EXPECT_EQ(done->checkpoint, checkpoint_);
  EXPECT_EQ(way_back(data_), checkpoint_);
  EXPECT_EQ(format(), 3u);
  EXPECT_TRUE(knows_all());
  std::vector<std::string> found;
  auto store = open(Store::Mode::read_only);
  EXPECT_TRUE(Keep(*store).each_found(TraitKind::domain, "evil.test", [&](const std::string& id) {
    found.push_back(id);
    return true;
  }));
  EXPECT_EQ(found, (std::vector<std::string>{kId, kOlder}));
  store.reset();
  auto again = migrate_store(data_);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->steps.empty());
  EXPECT_TRUE(*close_way_back(data_));
  EXPECT_FALSE(*close_way_back(data_));
  EXPECT_EQ(format(), 3u);
}

TEST_F(Migrate, SchedulerDoesWhatIsAdditiveWhenItStarts) {
  {
    auto store = open();
    int alive = 0;
    auto steps = bring_up_to_date(*store, data_, [&] { ++alive; });
    ASSERT_TRUE(steps) << steps.error().what;
    EXPECT_EQ(told(*steps), "2>3 1/3 ");
    EXPECT_GE(alive, 1);
    EXPECT_TRUE(bring_up_to_date(*store, data_, nullptr)->empty());
  }
  EXPECT_EQ(format(), 3u);
  EXPECT_TRUE(knows_all());
  EXPECT_EQ(told(migrate_back(data_, false)), "3>2 by number, lost 0")
      << "there is no checkpoint, and none is needed";
  EXPECT_EQ(format(), 2u);
}

TEST_F(Migrate, ScanInOneProcessGoesOnWithAnOlderStoreAsItIs) {
  auto store = open();
  ASSERT_TRUE(Keep(*store).upgrade());
  EXPECT_EQ(*Keep(*store).format(), 2u);
  end(*store, "20261127T031500-00000009");
  EXPECT_EQ(*Keep(*store).format(), 2u);
}

TEST_F(Migrate, LaterFormatIsRefusedWithBothNumbersAndWhatToDo) {
  auto store = open();
  ASSERT_TRUE(store->write({{Family::open, keep_keys::kLayoutKey, "4"}}));
  EXPECT_EQ(str(bring_up_to_date(*store, "/data", nullptr).error()),
            "unsupported: the store in /data has format 4, this assay-scheduler (0.1.0) knows 1 to 3: start "
            "the release "
            "that made it, or go back with that one's `assay-scheduler migrate --back`");
  store.reset();
  EXPECT_EQ(plan_migration(data_).error().code, Errc::unsupported);
  EXPECT_EQ(migrate_store(data_).error().code, Errc::unsupported);
}

TEST_F(Migrate, WayBackIsTheStoreAsItWas) {
  make_first_format();
  std::string before = everything();
  auto done = migrate_store(data_);
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(told(done->steps), "1>2 1/3 2>3 1/3 ");
  EXPECT_NE(everything(), before);
  EXPECT_EQ(told(migrate_back(data_, false)), "3>1 by checkpoint, lost 0");
  EXPECT_EQ(everything(), before);
  EXPECT_FALSE(way_back(data_));
  EXPECT_EQ(str(migrate_back(data_, false).error()).substr(0, 36), "not_found: there is no way back for ");
}

TEST_F(Migrate, WayBackLosesNoEndedScanUnlessItIsSaidThatItMay) {
  make_first_format();
  ASSERT_TRUE(migrate_store(data_));
  { end(*open(), "20261127T031500-00000009"); }
  EXPECT_EQ(told(migrate_back(data_, false)),
            "conflict: 1 scans have ended since the migration, and would be lost: --discard-newer says that "
            "they may be "
            "(make a backup first: assay-scheduler backup)");
  EXPECT_EQ(format(), 3u);
  EXPECT_EQ(told(migrate_back(data_, true)), "3>1 by checkpoint, lost 1");
  EXPECT_EQ(format(), 1u);
}

TEST_F(Migrate, ReversibleStepGoesBackWithoutLosingWhatHasEndedSince) {
  ASSERT_TRUE(migrate_store(data_));
  { end(*open(), "20261127T031500-00000009"); }
  EXPECT_EQ(told(migrate_back(data_, false)), "3>2 by number, lost 0");
  EXPECT_FALSE(way_back(data_));
  EXPECT_TRUE(Keep(*open(Store::Mode::read_only)).scan("20261127T031500-00000009"));
}

TEST_F(Migrate, WayBackThatWasCutShortIsTakenUpAgain) {
  std::string before = everything();
  ASSERT_TRUE(migrate_store(data_));
  // As a kill leaves it: the store's files are gone, some of the checkpoint's are back.
  ASSERT_TRUE(mark_incomplete(data_, "`assay-scheduler migrate --back` was cut short; run it again"));
  fs::remove(data_ / "CURRENT");
  auto refused = Store::open(data_, Store::Mode::read_write);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find(
                "is no whole store: `assay-scheduler migrate --back` was cut short; run it again"),
            std::string::npos)
      << refused.error().what;
  EXPECT_EQ(told(migrate_back(data_, false)), "3>2 by checkpoint, lost 0");
  EXPECT_EQ(everything(), before);
}

}  // namespace
}  // namespace assay
