// Which of a scan's parts are due, and in which order a budget takes.
#include "scheduler/retention.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace assay {
namespace {

constexpr int64_t kDay = 86'400'000'000'000;

RetentionPolicy policy(const std::vector<std::string>& rules) {
  auto parsed = parse_retention(rules);
  EXPECT_TRUE(parsed) << parsed.error().what;
  return parsed ? *parsed : RetentionPolicy();
}

ScanRecord scan(const std::string& verdict = "clean") {
  ScanRecord r;
  r.scan_id = "20261125T031500-1f8a3c9e";
  r.state = ScanState::done;
  r.attempt = 1;
  r.verdict = verdict;
  r.trace_bytes = 100;
  r.artifact_bytes = 10;
  r.report_bytes = 5;
  r.finished_ns = 1;
  return r;
}

std::string words(uint8_t bits) {
  std::string out;
  for (size_t i = 0; i < kKeptKinds; ++i)
    if (bits & 1u << i) out += (out.empty() ? "" : " ") + std::string(to_string(static_cast<KeptKind>(i)));
  return out;
}

std::string due_after(int days, const std::vector<std::string>& rules, const ScanRecord& record = scan()) {
  return words(due(policy(rules), record, since_of(record), record.finished_ns + days * kDay));
}

TEST(Retention, TakesEachKindAtItsAge) {
  std::vector<std::string> rules = {"artifacts=14d", "traces=30d", "reports=1y", "records=2y"};
  EXPECT_EQ(due_after(13, rules), "");
  EXPECT_EQ(due_after(14, rules), "artifacts");
  EXPECT_EQ(due_after(30, rules), "artifacts traces");
  EXPECT_EQ(due_after(365, rules), "artifacts traces reports");
  EXPECT_EQ(due_after(730, rules), "artifacts traces reports records");
}

TEST(Retention, AReportTakesWhatIsLeftOfItsScan) {
  EXPECT_EQ(due_after(2, {"reports=1d"}), "artifacts traces reports");
  EXPECT_EQ(due_after(2, {"records=1d"}), "artifacts traces reports records");
}

TEST(Retention, AVerdictsOwnRuleGoesBeforeTheOneForAll) {
  for (const std::vector<std::string>& rules :
       {std::vector<std::string>{"traces=1d", "traces/malicious=never"},
        {"traces/malicious=never", "traces=1d"}}) {
    EXPECT_EQ(due_after(9, rules, scan("malicious")), "");
    EXPECT_EQ(due_after(9, rules, scan("clean")), "traces");
  }
  EXPECT_EQ(due_after(9, {"traces/suspicious=1w"}, scan("suspicious")), "traces");
  EXPECT_EQ(due_after(9, {"traces/suspicious=1w"}, scan("inconclusive")), "");
}

TEST(Retention, FailedAndCancelledScansAreOneClass) {
  for (ScanState state : {ScanState::failed, ScanState::cancelled}) {
    ScanRecord record = scan("");
    record.state = state;
    EXPECT_EQ(due_after(1, {"records/failed=1d"}, record), "artifacts traces reports records");
    EXPECT_EQ(due_after(1, {"records/clean=1d"}, record), "");
  }
}

// A later version's verdict must not be lost by an earlier one.
TEST(Retention, AnUnknownVerdictIsKeptAsTheWorst) {
  EXPECT_EQ(class_of(scan("worse than that")), ScanClass::malicious);
  EXPECT_EQ(class_of(scan("failed")), ScanClass::malicious);
}

TEST(Retention, LeavesOpenAndPinnedScansAlone) {
  ScanRecord pinned = scan(), open = scan();
  pinned.pinned = "a case";
  open.state = ScanState::shipped;
  for (const ScanRecord& record : {pinned, open}) {
    EXPECT_EQ(due_after(9999, {"records=1d"}, record), "");
    EXPECT_EQ(takable(record), 0);
  }
}

TEST(Retention, TakesNothingTwice) {
  ScanRecord record = scan();
  record.pruned = kArtifactsPruned | kTracePruned;
  EXPECT_EQ(due_after(9, {"artifacts=1d", "traces=1d"}, record), "");
  EXPECT_EQ(due_after(9, {"reports=1d"}, record), "reports");
  record.pruned |= kReportPruned;
  EXPECT_EQ(due_after(9, {"records=1d"}, record), "records");
}

TEST(Retention, AScanThatKeptNoFilesHasNoArtifactsToTake) {
  ScanRecord record = scan();
  record.artifact_bytes = 0;
  EXPECT_EQ(due_after(9, {"artifacts=1d"}, record), "");
  record.trace_bytes = 0;
  record.pruned = kTracePruned;
  EXPECT_EQ(due_after(9, {"artifacts=1d"}, record), "");
  record.pruned = 0;
  record.trace_bytes = record.report_bytes = 0;  // as it was before sizes were kept: nobody knows
  EXPECT_EQ(due_after(9, {"artifacts=1d"}, record), "artifacts");
}

TEST(Retention, WhoSharesAResultHasOnlyItsRecord) {
  ScanRecord record = scan();
  record.same_as = "20261124T031500-00000001";
  EXPECT_EQ(due_after(9, {"records=1d"}, record), "records");
  EXPECT_EQ(due_after(9, {"traces=1d", "reports=1d"}, record), "");
}

TEST(Retention, NothingIsDueWithoutARule) {
  EXPECT_EQ(due_after(100'000, {}), "");
  EXPECT_TRUE(policy({}).empty());
  EXPECT_TRUE(policy({"records=never"}).empty());
  EXPECT_FALSE(policy({"records=1y"}).empty());
}

TEST(Retention, RefusesWhatItDoesNotUnderstand) {
  for (const char* text :
       {"", "traces", "traces=", "traces=5", "traces=d", "traces=-1d", "traces=1dd", "trace=1d", "traces/=1d",
        "traces/bad=1d", "traces/clean/x=1d", "=1d", "traces=99999999999y", "traces=18446744073709551616d"}) {
    auto parsed = parse_retention({text});
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Errc::invalid);
    EXPECT_NE(parsed.error().what.find("retain '" + std::string(text) + "'"), std::string::npos);
  }
}

TEST(Retention, ABudgetTakesTheLeastWorthByTheByteFirst) {
  std::vector<std::pair<uint8_t, std::string>> order;
  for (size_t kind = 0; kind < kKeptKinds; ++kind)
    for (size_t of = 0; of < kScanClasses; ++of)
      order.emplace_back(
          rank_of(static_cast<KeptKind>(kind), static_cast<ScanClass>(of)),
          std::string(to_string(static_cast<KeptKind>(kind))) + "/" + to_string(static_cast<ScanClass>(of)));
  std::sort(order.begin(), order.end());
  std::string all;
  for (const auto& [rank, name] : order) all += name + " ";
  EXPECT_EQ(all,
            "artifacts/failed traces/failed artifacts/clean traces/clean artifacts/inconclusive "
            "traces/inconclusive artifacts/suspicious traces/suspicious artifacts/malicious traces/malicious "
            "reports/failed reports/clean reports/inconclusive reports/suspicious reports/malicious "
            "records/failed records/clean records/inconclusive records/suspicious records/malicious ");
  EXPECT_EQ(low_water(1000), 950u);
}

}  // namespace
}  // namespace assay
