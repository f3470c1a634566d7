// Scoring kept traces again: what would be otherwise is told, and nothing else; without apply nothing is
// written, with it record, report, index and sharers follow.
#include "scheduler/rescore.h"
#include "scheduler/keep_keys.h"

#include <gtest/gtest.h>

#include <cstring>

#include "common/codec_frame.h"
#include "scheduler/scan_codec.h"
#include "tests/unit/scheduler/memory_store.h"
#include "tests/unit/scheduler/replay.h"

namespace assay {
namespace {

std::string rule(const std::string& title, const std::string& id, const std::string& level,
                 const std::string& detection) {
  return "title: " + title + "\nid: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7b" + id +
         "\nlogsource: {category: process_creation}\nlevel: " + level +
         "\ntags: [attack.t1059.004]\ndetection:\n  s: " + detection + "\n  condition: s\n";
}

RuleSet set_of(const std::vector<std::string>& texts) {
  std::vector<std::pair<std::string, std::string>> named;
  for (const std::string& text : texts) named.emplace_back("r" + std::to_string(named.size()) + ".yml", text);
  auto rules = RuleSet::compile(named);
  EXPECT_TRUE(rules) << rules.error().what;
  return std::move(*rules);
}

const std::string kAnything = rule("Anything runs", "01", "low", "{Image|startswith: /}");
const std::string kNginx = rule("Nginx runs", "02", "critical", "{Image|endswith: nginx}");

const std::string kA = replay::id_of(1), kB = replay::id_of(2), kC = replay::id_of(3);

class RescoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    replay::keep(store_, kA, replay::read("nginx"), old_);
    replay::keep(store_, kB, replay::read("miner"), old_);
    replay::share(store_, kC, kA);
  }
  /// A line for each scan that would change, or did; then the counts.
  std::string run(const RuleSet& rules, RescoreOptions options = {}) {
    std::string out;
    auto counts =
        rescore_all(store_, rules, options,
                    {[&](const ScanRecord& scan, const RescoreChange& change, bool applied) {
                       out += scan.scan_id + " " + change.before.verdict + " -> " + change.after.verdict;
                       for (const auto& reason : change.added) out += " +" + reason.title;
                       for (const auto& reason : change.removed) out += " -" + reason.title;
                       out += applied ? " applied\n" : "\n";
                     },
                     {}});
    if (!counts) return counts.error().what;
    return out + "evaluated " + std::to_string(counts->evaluated) + " pruned " +
           std::to_string(counts->pruned) + " damaged " + std::to_string(counts->damaged) + " unfinished " +
           std::to_string(counts->unfinished) + " changed " + std::to_string(counts->changed) + " applied " +
           std::to_string(counts->applied);
  }
  ScanRecord record(const std::string& id) { return *Keep(store_).scan(id); }
  std::string rule_ids(const std::string& id) {
    std::string out;
    for (const Trait& trait : *Keep(store_).traits(id))
      if (trait.kind == TraitKind::rule) out += trait.value.substr(trait.value.size() - 2) + " ";
    return out;
  }
  size_t in_index(const std::string& id) {
    size_t found = 0;
    EXPECT_TRUE(store_.scan(Family::index, "", false, [&](std::string_view key, std::string_view) {
      found += key.ends_with(id);
      return true;
    }));
    return found;
  }

  RuleSet old_ = set_of({kAnything}), with_nginx_ = set_of({kAnything, kNginx}), none_ = set_of({kNginx});
  MemoryStore store_;
};

TEST_F(RescoreTest, TellsWhatWouldBeOtherwiseAndWhy) {
  EXPECT_EQ(run(with_nginx_), kA + " clean -> malicious +Nginx runs\n"
                                   "evaluated 2 pruned 0 damaged 0 unfinished 0 changed 1 applied 0");
  EXPECT_EQ(run(old_), "evaluated 2 pruned 0 damaged 0 unfinished 0 changed 0 applied 0");
  RescoreOptions all;
  all.all_changes = true;
  // The newest first: that is C, which has A's result.
  EXPECT_EQ(run(none_, all), kA + " clean -> malicious +Nginx runs -Anything runs\n" + kB +
                                 " clean -> clean -Anything runs\n"
                                 "evaluated 2 pruned 0 damaged 0 unfinished 0 changed 2 applied 0");
}

TEST_F(RescoreTest, SeveralThreadsTellTheSame) {
  RescoreOptions options;
  options.all_changes = true;
  std::string one = run(none_, options);
  options.threads = 3;  // reading a MemoryStore alone changes nothing in it
  EXPECT_EQ(run(none_, options), one);
}

TEST_F(RescoreTest, WithoutApplyNothingIsWritten) {
  std::string before = replay::dump(store_);
  uint64_t commits = store_.commits;
  RescoreOptions options;
  options.all_changes = true;
  (void)run(none_, options);
  (void)run(with_nginx_);
  EXPECT_EQ(replay::dump(store_), before);
  EXPECT_EQ(store_.commits, commits);
}

TEST_F(RescoreTest, ApplyRenewsRecordReportIndexAndSharers) {
  RescoreOptions options;
  options.apply = true;
  EXPECT_EQ(rule_ids(kA), "01 ");
  EXPECT_EQ(run(with_nginx_, options), kA +
                                           " clean -> malicious +Nginx runs applied\n"
                                           "evaluated 2 pruned 0 damaged 0 unfinished 0 changed 1 applied 1");
  ScanRecord own = record(kA), shared = record(kC), other = record(kB);
  auto json = Keep(store_).report(kA);
  ASSERT_TRUE(json);
  EXPECT_EQ(*json, report_json(*parse_report(*json)));
  EXPECT_EQ(parse_report(*json)->rules_version, with_nginx_.version());
  EXPECT_EQ(own.verdict, "malicious");
  EXPECT_EQ(own.score, parse_report(*json)->score);
  EXPECT_EQ(own.rules_version, with_nginx_.version());
  EXPECT_EQ(own.report_bytes, json->size());
  EXPECT_EQ(shared.verdict, "malicious");
  EXPECT_EQ(shared.score, own.score);
  EXPECT_EQ(shared.same_as, kA);
  EXPECT_EQ(other.verdict, "clean");
  EXPECT_EQ(other.rules_version, old_.version());
  EXPECT_EQ(rule_ids(kA), "01 02 ");
  EXPECT_EQ(in_index(kA), keep_keys::index_keys(kA, *Keep(store_).traits(kA)).size());
}

TEST_F(RescoreTest, ReasonsThatGoLeaveTheIndex) {
  RescoreOptions options;
  options.apply = options.all_changes = true;
  (void)run(none_, options);
  EXPECT_EQ(rule_ids(kA), "02 ");
  EXPECT_EQ(rule_ids(kB), "");
  EXPECT_EQ(in_index(kA), keep_keys::index_keys(kA, *Keep(store_).traits(kA)).size());
  EXPECT_EQ(in_index(kB), keep_keys::index_keys(kB, *Keep(store_).traits(kB)).size());
}

TEST_F(RescoreTest, TwiceIsOnce) {
  RescoreOptions options;
  options.apply = true;
  (void)run(with_nginx_, options);
  std::string after = replay::dump(store_);
  EXPECT_EQ(run(with_nginx_, options), "evaluated 2 pruned 0 damaged 0 unfinished 0 changed 0 applied 0");
  EXPECT_EQ(replay::dump(store_), after);
  // Asked for by its id it has nothing to write, either.
  auto again = rescore(Keep(store_), kA, with_nginx_);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_FALSE(again->change.any());
  auto batch = rescore_batch(Keep(store_), *again);
  ASSERT_TRUE(batch) << batch.error().what;
  EXPECT_TRUE(batch->ops.empty());
}

// A sharer that a later rescore finds with the verdict of before is put right, too.
TEST_F(RescoreTest, SharerThatWasLeftBehindFollowsLater) {
  auto first = rescore(Keep(store_), kA, with_nginx_);
  ASSERT_TRUE(first);
  replay::commit(store_, {*rescore_batch(Keep(store_), *first)});
  ScanRecord late = record(kC), stale = late;
  stale.verdict = "clean";
  stale.score = 0;
  replay::commit(store_, {Keep::corrected(late, stale)});
  replay::commit(store_, {*rescore_batch(Keep(store_), *rescore(Keep(store_), kA, with_nginx_))});
  EXPECT_EQ(record(kC).verdict, "malicious");
}

TEST_F(RescoreTest, RecordThatMovedMeanwhileIsAConflict) {
  auto rescored = rescore(Keep(store_), kA, with_nginx_);
  ASSERT_TRUE(rescored);
  for (const std::string& moved : {kA, kC}) {
    auto batch = rescore_batch(Keep(store_), *rescored);
    ASSERT_TRUE(batch);
    ScanRecord pinned = record(moved);
    pinned.pinned = "evidence in case 17" + moved;
    ASSERT_TRUE(store_.write({{Family::scans, moved, encode_scan(pinned)}}));
    std::string before = replay::dump(store_);
    auto written = store_.commit({*batch});
    ASSERT_TRUE(written);
    EXPECT_EQ((*written)[0].error().code, Errc::conflict);
    EXPECT_EQ(replay::dump(store_), before);
  }
  // Made anew, it keeps what the record says meanwhile.
  replay::commit(store_, {*rescore_batch(Keep(store_), *rescored)});
  EXPECT_EQ(record(kA).verdict, "malicious");
  EXPECT_EQ(record(kA).pinned, "evidence in case 17" + kA);
}

// What an earlier version wrote has not the bytes that this one would write.
TEST_F(RescoreTest, RecordThatAnEarlierVersionWroteIsNoConflict) {
  std::string kept = *store_.get(Family::scans, kA);
  ScanRecord same = record(kA);
  ASSERT_EQ(encode_scan(same), kept);
  // One word more in its segment, which nobody reads: as good as one of another schema.
  auto message = unframe(FrameType::scan, kept, 1 << 20, 1 << 20);
  ASSERT_TRUE(message) << message.error().what;
  uint32_t words = 0;
  std::memcpy(&words, message->data() + 4, 4);
  ++words;
  std::memcpy(message->data() + 4, &words, 4);
  *message += std::string(8, '\0');
  ASSERT_TRUE(store_.write({{Family::scans, kA, frame(FrameType::scan, *message)}}));
  ASSERT_NE(*store_.get(Family::scans, kA), kept);
  ASSERT_EQ(encode_scan(record(kA)), kept);
  RescoreOptions options;
  options.apply = true;
  EXPECT_EQ(run(with_nginx_, options), kA +
                                           " clean -> malicious +Nginx runs applied\n"
                                           "evaluated 2 pruned 0 damaged 0 unfinished 0 changed 1 applied 1");
}

TEST_F(RescoreTest, TraceThatIsNotWholeIsCountedAndItsScanStaysAsItIs) {
  ScanRecord pruned = record(kB);
  pruned.pruned = kTracePruned;
  ASSERT_TRUE(
      store_.write({{Family::scans, kB, encode_scan(pruned)}, {Family::reports, kB + "/header", "", true}}));
  std::string chunk = kA + std::string("\0\0\0\1\0\0\0\0", 8);
  ASSERT_TRUE(store_.get(Family::chunks, chunk));
  ASSERT_TRUE(store_.write({{Family::chunks, chunk, "", true}}));
  std::string before = replay::dump(store_);
  RescoreOptions options;
  options.apply = options.all_changes = true;
  EXPECT_EQ(run(none_, options), "evaluated 0 pruned 1 damaged 1 unfinished 0 changed 0 applied 0");
  EXPECT_EQ(replay::dump(store_), before);
}

TEST_F(RescoreTest, IdsChooseTheirTracesWhoeverSharesThem) {
  RescoreOptions options;
  options.scan_ids = {kC, kA};
  EXPECT_EQ(run(with_nginx_, options), kA +
                                           " clean -> malicious +Nginx runs\n"
                                           "evaluated 1 pruned 0 damaged 0 unfinished 0 changed 1 applied 0");
  options.scan_ids = {kB};
  EXPECT_EQ(run(with_nginx_, options), "evaluated 1 pruned 0 damaged 0 unfinished 0 changed 0 applied 0");
  options.scan_ids = {replay::id_of(99)};
  EXPECT_NE(run(with_nginx_, options).find("is not known here"), std::string::npos);
}

TEST_F(RescoreTest, ErrorOfTheStoreEndsIt) {
  store_.full = true;
  RescoreOptions options;
  options.apply = true;
  EXPECT_EQ(run(with_nginx_, options), "write to memory: the disk is full");
}

TEST(RescoreJson, IsOneLineOfWhatTheApiAnswers) {
  RescoreChange change{{"clean", 12, "aa"}, {"malicious", 95, "bb"}, {{"id", "Title \\\"", "high"}}, {}};
  EXPECT_EQ(
      rescore_json(kA, change, true),
      R"({"scan_id":")" + kA + R"(","before":{"verdict":"clean","score":12,"rules":"aa"},)" +
          R"("after":{"verdict":"malicious","score":95,"rules":"bb"},)" +
          R"("added":[{"rule_id":"id","title":"Title \\\"","level":"high"}],"removed":[],"applied":true})");
}

const std::string kChanged =
    "title: Something changed\nid: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7b09\nlogsource: {category: change}\n"
    "level: critical\ndetection:\n  s: {Change: executable}\n  condition: s\n";

// Ships `trace` as the image of `ref`, and keeps the report that the scoring threads would make.
void keep_compared(MemoryStore& store, const std::string& id, replay::Trace trace, const std::string& ref,
                   const RuleSet& rules) {
  trace.header.job.ref = ref;
  auto road = replay::road(id, trace, Report());
  road.pop_back();
  replay::commit(store, road);
  auto report = evaluate_first(Keep(store), id, rules);
  ASSERT_TRUE(report) << report.error().what;
  ScanRecord done = replay::record_of(id, trace, *report), shipped = done;
  shipped.state = ScanState::shipped;
  replay::commit(store, {Keep::reported(shipped, done, report_json(*report), traits_of(*report))});
}

TEST_F(RescoreTest, TheComparisonOfTheFirstScoringIsKeptAndJudgedByTheNewRules) {
  RuleSet changed = set_of({kAnything, kChanged});
  const std::string first = replay::id_of(11), second = replay::id_of(12), third = replay::id_of(13);
  keep_compared(store_, first, replay::read("nginx"), "reg.test/app:1", changed);
  keep_compared(store_, second, replay::read("miner"), "reg.test/app:2", changed);
  auto report = [&](const std::string& id) { return *Keep(store_).report(id); };
  std::string before = report(second);
  Report kept = *parse_report(before);
  ASSERT_EQ(kept.compared.size(), 1u);
  EXPECT_EQ(kept.compared[0].relation + " " + kept.compared[0].scan_id, "previous " + first);
  EXPECT_FALSE(kept.compared[0].added.empty());
  EXPECT_EQ(rule_ids(second), "01 09 ");
  EXPECT_TRUE(parse_report(report(first))->compared.empty());
  // By the same rules not a byte changes, though a later version and a newer scan of the first are there now.
  keep_compared(store_, third, replay::read("dropper"), "reg.test/app:1", changed);
  std::string all = replay::dump(store_);
  RescoreOptions options;
  options.scan_ids = {first, second, third};
  options.all_changes = options.apply = true;
  EXPECT_EQ(run(changed, options), "evaluated 3 pruned 0 damaged 0 unfinished 0 changed 0 applied 0");
  EXPECT_EQ(replay::dump(store_), all);
  // Others judge the same comparison, and leave it as it is.
  (void)run(old_, options);
  EXPECT_EQ(rule_ids(second), "01 ");
  (void)run(changed, options);
  EXPECT_EQ(rule_ids(second), "01 09 ");
  EXPECT_EQ(report(second), before);
}

}  // namespace
}  // namespace assay
