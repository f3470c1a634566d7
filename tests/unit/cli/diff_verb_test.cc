// assay diff: two reports of a farm, and what their difference is to a script.
#include "scheduler/score/report.h"
#include "tests/unit/cli/verbs_fixture.h"

namespace assay::cli {
namespace {

using DiffVerb = VerbsTest;

std::string report_with(Verdict verdict, const std::string& title) {
  Report report;
  report.verdict = verdict;
  if (!title.empty()) {
    Finding finding;
    finding.rule_id = "11111111-2222-5333-8444-555555555555";
    finding.title = title;
    finding.level = "high";
    report.findings.push_back(finding);
  }
  return report_json(report);
}

TEST_F(DiffVerb, SaysWhatIsNewAndExitsByIt) {
  api_.get("/v1/scans/" + kScan1 + "/report", report_with(Verdict::clean, ""));
  api_.get("/v1/scans/" + kScan2 + "/report", report_with(Verdict::malicious, "Miner \x1b[31mstarted"));
  api_.get("/v1/scans/" + kScan3 + "/report", "{}");
  api_.start();
  Said same = run(diff, {kScan1, kScan1});
  EXPECT_EQ(same.code, kBelowGate) << same.err;
  Said other = run(diff, {kScan1, kScan2});
  EXPECT_EQ(other.code, kAtGate) << other.err;
  EXPECT_NE(other.out.find("clean -> malicious"), std::string::npos) << other.out;
  EXPECT_NE(other.out.find("started"), std::string::npos) << other.out;
  EXPECT_EQ(other.out.find('\x1b'), std::string::npos);
  json said = json::parse(run(diff, {kScan1, kScan2, "--format", "json"}).out);
  EXPECT_EQ(said["schema"], "assay.diff/2");
  EXPECT_EQ(said["before"]["verdict"], "clean");
  EXPECT_EQ(said["after"]["verdict"], "malicious");
  EXPECT_EQ(said["added"].size(), 1u);
  EXPECT_EQ(run(diff, {kScan1, kScan3}).code, kFailed) << "no report of ours";
  EXPECT_EQ(run(diff, {kScan1}).code, kUsage);
  EXPECT_EQ(run(diff, {kScan1, kScan2, kScan3}).code, kUsage);
  EXPECT_EQ(run(diff, {kScan1, "x"}).code, kUsage);
}

}  // namespace
}  // namespace assay::cli
