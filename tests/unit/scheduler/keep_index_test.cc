// The index: after any sequence of changes it holds exactly what the scans' lists of traits say, in RocksDB
// and in memory; scans that were kept before there was one get their place.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "scheduler/keep.h"
#include "scheduler/keep_keys.h"
#include "scheduler/reindex.h"
#include "scheduler/terms.h"
#include "tests/support.h"
#include "tests/unit/scheduler/memory_store.h"

namespace assay {
namespace {

ScanRecord queued(unsigned number) {
  char id[32];
  std::snprintf(id, sizeof id, "20261125T031500-%08x", number);
  ScanRecord record;
  record.scan_id = id;
  return record;
}
ScanRecord in_state(ScanRecord record, ScanState state) {
  record.state = state;
  return record;
}

class KeepIndex : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!GetParam()) return;
    auto store = Store::open(dir_.path(), Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
  }
  void commit(StoreBatch batch) {
    auto done = store_->commit({std::move(batch)});
    ASSERT_TRUE(done && (*done)[0]) << (done ? (*done)[0].error().what : done.error().what);
  }
  /// What the index holds, but for its mark.
  std::set<std::string> index() const {
    std::set<std::string> keys;
    EXPECT_TRUE(store_->scan(Family::index, "", false, [&](std::string_view key, std::string_view) {
      if (key != keep_keys::kAllIndexed) keys.insert(std::string(key));
      return true;
    }));
    return keys;
  }
  /// What it should, by what each scan says of itself.
  std::set<std::string> by_lists(unsigned scans) const {
    std::set<std::string> keys;
    for (unsigned i = 0; i < scans; ++i) {
      std::string id = queued(i).scan_id;
      auto traits = Keep(*store_).traits(id);
      EXPECT_TRUE(traits);
      for (const Trait& trait : *traits)
        for (const std::string& term : terms_of(trait))
          keys.insert(static_cast<char>(trait.kind) + term + '\0' + id);
    }
    return keys;
  }
  std::vector<std::string> found(TraitKind kind, const std::string& term,
                                 const std::string& start = "") const {
    std::vector<std::string> ids;
    EXPECT_TRUE(Keep(*store_).each_found(
        kind, term, [&](const std::string& id) { return ids.push_back(id), true; }, start));
    return ids;
  }

  TempDir dir_;
  std::unique_ptr<Store> store_ = std::make_unique<MemoryStore>();
};
INSTANTIATE_TEST_SUITE_P(, KeepIndex, testing::Bool(),
                         [](const auto& name) { return name.param ? "RocksDB" : "Memory"; });

Traits drawn(std::mt19937& random) {
  const std::vector<Trait> all = {{TraitKind::domain, TraitRole::asked, "a.evil.test"},
                                  {TraitKind::domain, TraitRole::contacted, "a.evil.test"},
                                  {TraitKind::domain, TraitRole::asked, "b.evil.test"},
                                  {TraitKind::ip, TraitRole::contacted, "203.0.113.9"},
                                  {TraitKind::ip, TraitRole::contacted, "203.0.113.10"},
                                  {TraitKind::hash, TraitRole::left, std::string(64, 'a')},
                                  {TraitKind::hash, TraitRole::executed, "aaaaaaaa" + std::string(56, 'b')},
                                  {TraitKind::path, TraitRole::left, "/tmp/x/y"},
                                  {TraitKind::path, TraitRole::executed, "/tmp/x/z"},
                                  {TraitKind::technique, TraitRole::found, "T1496"},
                                  {TraitKind::technique, TraitRole::found, "T1496.001"},
                                  {TraitKind::rule, TraitRole::found, "rule"}};
  Traits some;
  for (const Trait& trait : all)
    if (random() % 2 == 0) some.push_back(trait);
  return some;
}

TEST_P(KeepIndex, HoldsWhatTheListsSayAfterAnySequence) {
  constexpr unsigned kScans = 6, kSteps = 300;
  std::mt19937 random(7);
  std::map<std::string, Traits> model;
  for (unsigned i = 0; i < kScans; ++i) commit(Keep::submitted(queued(i)));
  for (unsigned step = 0; step < kSteps; ++step) {
    unsigned number = static_cast<unsigned>(random() % kScans);
    ScanRecord open = queued(number), done = in_state(open, ScanState::done);
    const std::string& id = open.scan_id;
    auto now = *Keep(*store_).traits(id);
    ASSERT_EQ(now, model[id]);
    Traits next = drawn(random);
    StoreBatch removal;
    if (Keep(*store_).scan(id)->state == ScanState::queued) {
      commit(Keep::reported(open, done, "{}", next));
      model[id] = next;
    } else if (unsigned which = static_cast<unsigned>(random() % 4); which < 2) {
      commit(Keep::rescored(done, done, "{}", now, next));
      model[id] = next;
    } else if (which == 2) {
      commit(Keep::reopened(open, now));
      model[id].clear();
    } else {
      keep_keys::remove_traits(removal, id, now);
      commit(removal);
      model[id].clear();
    }
    ASSERT_EQ(index(), by_lists(kScans)) << "step " << step;
  }
  EXPECT_FALSE(index().empty());
}

TEST_P(KeepIndex, ScansUnderOneWordComeNewestFirstFromWhereverAsked) {
  for (unsigned i : {2u, 0u, 1u}) {
    commit(Keep::submitted(queued(i)));
    commit(Keep::reported(queued(i), in_state(queued(i), ScanState::done), "{}",
                          {{TraitKind::domain, TraitRole::asked, std::to_string(i) + ".evil.test"}}));
  }
  auto id = [](unsigned i) { return queued(i).scan_id; };
  EXPECT_EQ(found(TraitKind::domain, "evil.test"), (std::vector{id(2), id(1), id(0)}));
  EXPECT_EQ(found(TraitKind::domain, "evil.test", id(1)), (std::vector{id(1), id(0)}));
  EXPECT_EQ(found(TraitKind::domain, "1.evil.test"), (std::vector{id(1)}));
  EXPECT_EQ(found(TraitKind::domain, "evil.tes"), std::vector<std::string>());
  EXPECT_EQ(found(TraitKind::path, "evil.test"), std::vector<std::string>());
  EXPECT_EQ(Keep(*store_).each_found(TraitKind::path, "x", nullptr, "no id").error().code, Errc::invalid);
}

TEST_P(KeepIndex, AStoreThatBeginsWithItKnowsAllAndOneFromBeforeDoesNot) {
  ASSERT_TRUE(Keep(*store_).upgrade());
  EXPECT_TRUE(*Keep(*store_).knows_all());
  ASSERT_TRUE(store_->write({{Family::index, keep_keys::kAllIndexed, "", true}}));
  ASSERT_TRUE(Keep(*store_).upgrade());
  EXPECT_FALSE(*Keep(*store_).knows_all());
}

TEST_P(KeepIndex, ReindexingGivesOlderScansTheirPlaceOnce) {
  Report report;
  report.dns_names = {"evil.test"};
  for (unsigned i = 0; i < 4; ++i) commit(Keep::submitted(queued(i)));
  auto done = [](unsigned i) { return in_state(queued(i), ScanState::done); };
  commit(Keep::reported(queued(0), done(0), report_json(report)));
  ASSERT_TRUE(store_->write({{Family::reports, queued(0).scan_id + keep_keys::kTraits, "", true}}));
  commit(Keep::reported(queued(1), done(1), report_json(report), traits_of(report)));
  commit(Keep::reported(queued(2), done(2), "damaged"));
  ASSERT_TRUE(store_->write({{Family::reports, queued(2).scan_id + keep_keys::kTraits, "", true}}));
  EXPECT_FALSE(*Keep(*store_).knows_all());

  auto first = reindex(*store_);
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(first->scans, 4u);
  EXPECT_EQ(first->added, 1u);
  EXPECT_EQ(first->unreadable, 1u);
  EXPECT_EQ(first->first_error, "scan " + queued(2).scan_id + ": report: not a JSON object");
  EXPECT_TRUE(*Keep(*store_).knows_all());
  EXPECT_EQ(found(TraitKind::domain, "evil.test").size(), 2u);
  EXPECT_EQ(index(), by_lists(4));
  EXPECT_EQ(reindex(*store_)->added, 0u);
}

}  // namespace
}  // namespace assay
