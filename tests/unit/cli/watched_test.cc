// What is known of followed scans, and how it is shown.
#include "cli/watched.h"

#include <gtest/gtest.h>

#include "cli/farm_text.h"
#include "cli/table.h"
#include "scheduler/score/text_layout.h"

namespace assay::cli {
namespace {

const std::string kA = "20261125T031500-0000000a", kB = "20261125T031500-0000000b";

ScanView scan(const std::string& id, const std::string& state, const std::string& verdict = "",
              const std::string& expect = "") {
  ScanView out;
  out.scan_id = id;
  out.ref = "registry.example/" + id.substr(16);
  out.state = state;
  out.verdict = verdict;
  out.expect = expect;
  return out;
}
FarmEvent event(const std::string& id, const std::string& state, const std::string& verdict = "") {
  FarmEvent out;
  out.scan_id = id;
  out.state = state;
  out.verdict = verdict;
  return out;
}
std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

TEST(ExitOf, ScanWithoutExpectationGoesByTheGate) {
  EXPECT_EQ(exit_of(scan(kA, "done", "clean"), Gate::suspicious), 0);
  EXPECT_EQ(exit_of(scan(kA, "done", "suspicious"), Gate::malicious), 0);
  EXPECT_EQ(exit_of(scan(kA, "done", "suspicious"), Gate::suspicious), 10);
  EXPECT_EQ(exit_of(scan(kA, "done", "malicious"), Gate::malicious), 10);
  EXPECT_EQ(exit_of(scan(kA, "done", "malicious"), Gate::none), 0);
  EXPECT_EQ(exit_of(scan(kA, "done", "inconclusive"), Gate::none), 11);
  EXPECT_EQ(exit_of(scan(kA, "done", "wonderful"), Gate::none), 11);
  EXPECT_EQ(exit_of(scan(kA, "failed"), Gate::none), 1);
  EXPECT_EQ(exit_of(scan(kA, "cancelled"), Gate::none), 1);
  EXPECT_EQ(exit_of(scan(kA, "leased"), Gate::malicious), 0);
}

TEST(ExitOf, ExpectationReplacesTheGate) {
  EXPECT_EQ(exit_of(scan(kA, "done", "malicious", "malicious"), Gate::malicious), 0);
  EXPECT_EQ(exit_of(scan(kA, "done", "clean", "malicious"), Gate::none), 10);
  EXPECT_EQ(exit_of(scan(kA, "done", "inconclusive", "clean"), Gate::malicious), 11);
  EXPECT_EQ(exit_of(scan(kA, "done", "inconclusive", "inconclusive"), Gate::malicious), 0);
  EXPECT_EQ(exit_of(scan(kA, "failed", "", "clean"), Gate::malicious), 1);
}

TEST(Watched, EndsOnceHoweverOftenItIsTold) {
  Watched watched;
  EXPECT_FALSE(watched.set(scan(kA, "queued")));
  EXPECT_FALSE(watched.apply(event(kA, "leased")));
  EXPECT_TRUE(watched.apply(event(kA, "done", "clean")));
  EXPECT_FALSE(watched.apply(event(kA, "done", "clean")));
  EXPECT_FALSE(watched.set(scan(kA, "done", "clean")));
  EXPECT_TRUE(watched.all_ended());
}

TEST(Watched, LateEventsDoNotReopenWhatHasEndedButRecordsDo) {
  Watched watched;
  EXPECT_TRUE(watched.set(scan(kA, "done", "clean")));
  watched.apply(event(kA, "leased"));
  EXPECT_TRUE(watched.all_ended());
  EXPECT_FALSE(watched.set(scan(kA, "queued")));
  EXPECT_EQ(watched.ended(), 0u);
  EXPECT_TRUE(watched.apply(event(kA, "failed")));
}

TEST(Watched, StrangersAreLeftOut) {
  Watched watched;
  watched.set(scan(kA, "queued"));
  EXPECT_FALSE(watched.apply(event(kB, "done", "clean")));
  EXPECT_EQ(watched.total(), 1u);
}

TEST(Watched, WorstScanDecidesTheExitCode) {
  Watched watched;
  watched.set(scan(kA, "done", "clean"));
  EXPECT_EQ(watched.exit(Gate::malicious), 0);
  watched.set(scan(kB, "failed"));
  EXPECT_EQ(watched.exit(Gate::malicious), 1);
  watched.set(scan(kA, "done", "malicious"));
  EXPECT_EQ(watched.exit(Gate::malicious), 10);
}

TEST(WatchBlock, TellsHowFarHowItWentAndWhatRuns) {
  Watched watched;
  watched.set(scan(kA, "leased"));
  watched.set(scan(kB, "done", "malicious"));
  watched.set(scan("20261125T031500-0000000c", "queued"));
  FarmEvent progress = event(kA, "progress");
  progress.progress = true;
  progress.phase = "pull";
  watched.apply(progress);
  EXPECT_EQ(joined(watch_block(watched, 75, 120)),
            "[##########....................] 1 of 3 ended, 1 running, 1 waiting, 1 min 15 s\n"
            "  1 malicious\n"
            "  20261125T031500-0000000a  pulling       registry.example/0000000a\n");
  EXPECT_EQ(watch_line(watched), "1 of 3 ended, 1 running, 1 waiting: 1 malicious");
}

TEST(WatchBlock, StaysSmallAndNarrow) {
  Watched watched;
  for (int i = 0; i < 30; ++i) {
    char id[32];
    std::snprintf(id, sizeof id, "20261125T031500-%08x", i);
    watched.set(scan(id, "leased"));
  }
  auto block = watch_block(watched, 5, 40);
  EXPECT_EQ(block.size(), 10u);
  EXPECT_EQ(block.back(), "  ... and 22 more");
  for (const std::string& line : block) EXPECT_LE(layout::columns(line), 40u) << line;
}

TEST(WatchBlock, ShowsNothingRaw) {
  Watched watched;
  ScanView hostile = scan(kA, "leased");
  hostile.ref = "a\033[2J\n\xff";
  watched.set(hostile);
  FarmEvent progress = event(kA, "progress");
  progress.progress = true;
  progress.phase = "\033]0;x\007";
  watched.apply(progress);
  for (char c : joined(watch_block(watched, 5, 100)))
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f) || c < 0);
}

TEST(StillGoing, NamesAFewScansOrPointsToTheList) {
  Watched watched;
  watched.set(scan(kA, "leased"));
  EXPECT_EQ(still_going(watched),
            "interrupted: 1 scan goes on in the farm; `assay watch " + kA + "` shows it");
  for (int i = 0; i < 4; ++i) watched.set(scan("20261125T031500-0000001" + std::to_string(i), "queued"));
  EXPECT_EQ(still_going(watched), "interrupted: 5 scans go on in the farm; `assay status` shows them");
}

TEST(FarmText, ScanLineTellsVerdictScoreAndWhatWasExpected) {
  ScanView done = scan(kA, "done", "malicious", "clean");
  done.score = 96;
  EXPECT_EQ(scan_line(done), kA + "  malicious        96  registry.example/0000000a  (expected clean)");
  ScanView failed = scan(kA, "failed");
  failed.error = "no such\nimage";
  EXPECT_EQ(scan_line(failed), kA + "  failed            -  registry.example/0000000a  (no such\\x0aimage)");
}

TEST(FarmText, LongReferencesLoseTheirBeginningOnATerminal) {
  ScanView done = scan(kA, "done", "clean");
  done.ref = "registry.example/a/very/long/path/to/an/image:1.2.3";
  EXPECT_EQ(scan_line(done, 80), kA + "  clean             0  ...ry/long/path/to/an/image:1.2.3");
  EXPECT_EQ(scan_line(done, 40), kA + "  clean             0  ...to/an/image:1.2.3");
  EXPECT_EQ(fit_end("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f!!", 5), "...!!");
  EXPECT_EQ(fit_end("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f!!", 6), "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f!!");
}

TEST(FarmText, DurationsReadAsPeopleSayThem) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(60), "1 min");
  EXPECT_EQ(duration_text(200), "3 min 20 s");
  EXPECT_EQ(duration_text(7500), "2 h 5 min");
  EXPECT_EQ(duration_text(3 * 86400 + 4 * 3600), "3 d 4 h");
}

TEST(FarmText, CountsComeWorstFirstWithoutZeros) {
  EXPECT_EQ(counts_text({{"clean", 1200}, {"malicious", 2}, {"failed", 0}, {"odd", 1}}),
            "2 malicious, 1,200 clean, 1 odd");
  EXPECT_EQ(counts_text({}), "none");
}

TEST(FarmText, BatchNamesWhatWasNotAsExpected) {
  BatchView batch;
  batch.batch_id = kA;
  batch.name = "nightly";
  batch.created_ns = 1795576500000000000;
  batch.total = 3;
  batch.states = {{"done", 2}, {"queued", 1}};
  batch.verdicts = {{"clean", 1}, {"malicious", 1}};
  batch.expected = {{"met", 1}, {"missed", 1}, {"open", 0}};
  batch.missed = {{kB, "nginx", "clean", "malicious", "done"}};
  EXPECT_EQ(batch_text(batch, 0),
            "batch      20261125T031500-0000000a\n"
            "name       nightly\n"
            "created    2026-11-25 03:15:00 UTC\n"
            "ended      2 of 3\n"
            "states     1 queued, 2 done\n"
            "verdicts   1 malicious, 1 clean\n"
            "expected   1 missed, 1 met\n"
            "\n"
            "not as expected\n"
            "\n"
            "SCAN                      EXPECTED  VERDICT    IMAGE\n"
            "20261125T031500-0000000b  clean     malicious  nginx\n");
}

TEST(FarmText, CapacitySaysHowManyMoreAreNeeded) {
  CapacityView capacity;
  capacity.seconds = 3600;
  capacity.backlog = 1200;
  capacity.agents = 2;
  capacity.slots = 8;
  capacity.service_s = 45;
  capacity.rate_per_s = 0.25;
  capacity.finish_s = 4800;
  capacity.agents_needed = 5;
  capacity.slots_needed = 20;
  EXPECT_EQ(capacity_text(capacity, ""),
            "backlog    1,200 scans\n"
            "agents     2 with 8 slots\n"
            "pace       15 scans a minute, 45 s each\n"
            "done in    1 h 20 min\n"
            "needed     5 agents (20 slots) to be done in 1 h\n"
            "           that is 3 more than now\n");
}

TEST(Table, CutsTheWidestColumnUntilARowFits) {
  Table table({{"NAME"}, {"N", true}, {"NOTE"}});
  table.row({"a-name-that-is-very-long-indeed", "12", "x"});
  table.row({"b", "3", "a note of some length"});
  EXPECT_EQ(table.str(0),
            "NAME                              N  NOTE\n"
            "a-name-that-is-very-long-indeed  12  x\n"
            "b                                 3  a note of some length\n");
  std::string narrow = table.str(40);
  EXPECT_EQ(narrow,
            "NAME                N  NOTE\n"
            "a-name-that-is-v…  12  x\n"
            "b                   3  a note of some l…\n");
}

TEST(Table, EndsEvenWhereNothingCanBeCut) {
  Table table({{"AAAAAAAA"}, {"BBBBBBBB"}, {"CCCCCCCC"}, {"DDDDDDDD"}, {"EEEEEEEE"}});
  table.row({"1", "2", "3", "4", "5"});
  EXPECT_FALSE(table.str(10).empty());
}

TEST(Table, ShowsNothingRaw) {
  Table table({{"A"}});
  table.row({"\033[2J\n"});
  EXPECT_EQ(table.str(0), "A\n\\x1b[2J\\x0a\n");
}

}  // namespace
}  // namespace assay::cli
