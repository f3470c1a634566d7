// SARIF: what a code host shows of a report.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "scheduler/export/export.h"

namespace assay {
namespace {

using Json = nlohmann::json;

Finding finding(const std::string& rule, const std::string& level) {
  Finding out;
  out.rule_id = rule;
  out.title = "Name of a pool asked for";
  out.description = "It asked for a pool.";
  out.level = level;
  out.category = "miner";
  out.weight = 0.6;
  out.count = 3;
  out.techniques = {{"T1496.001", "impact"}};
  out.evidence = {{7, 2'000'000'000, 4, "dns A pool.example"}};
  out.ancestry = {"/entry.sh", "/bin/miner -o pool"};
  out.layer = "sha256:ab, COPY miner /";
  return out;
}

Report miner() {
  Report report;
  report.verdict = Verdict::malicious;
  report.score = 97;
  report.header.scan_id = "20261130T020850-383a84bf";
  report.header.job.ref = "oci-archive:/srv/miner image.tar";
  report.header.start_time_ns = 1'796'004'574'236'190'159;
  report.findings = {finding("r1", "high"), finding("r2", "medium"), finding("r3", "informational")};
  report.footer.phases = {{"run", 10'000'000'000}};
  return report;
}

Json run_of(const Report& report) { return Json::parse(sarif_report(report))["runs"][0]; }

TEST(Sarif, AResultAFindingWithLevelRuleAndTechnique) {
  Json run = run_of(miner());
  std::string levels;
  for (const Json& result : run["results"]) levels += result["level"].get<std::string>() + " ";
  EXPECT_EQ(levels, "error warning note ");
  const Json& result = run["results"][1];
  EXPECT_EQ(result["ruleId"], "r2");
  EXPECT_EQ(run["tool"]["driver"]["rules"][result["ruleIndex"].get<size_t>()]["id"], "r2");
  EXPECT_EQ(result["message"]["text"], "Name of a pool asked for. Seen: dns A pool.example (3 events)");
  EXPECT_EQ(result["taxa"][0]["id"], "T1496.001");
  EXPECT_EQ(run["taxonomies"][0]["taxa"].size(), 1u);
  const Json& rule = run["tool"]["driver"]["rules"][1];
  EXPECT_EQ(rule["name"], "NameOfPoolAskedFor");
  EXPECT_EQ(rule["properties"]["tags"], Json({"security", "miner", "external/attack/T1496.001"}));
  EXPECT_EQ(rule["properties"]["security-severity"], "5.5");
}

TEST(Sarif, TheImageIsWhereItWasSeen) {
  Json run = run_of(miner());
  const Json& location = run["results"][0]["locations"][0];
  EXPECT_EQ(location["physicalLocation"]["artifactLocation"]["uri"], "srv/miner%20image.tar");
  EXPECT_EQ(location["logicalLocations"][0]["fullyQualifiedName"], "/entry.sh > /bin/miner -o pool");
  EXPECT_EQ(location["logicalLocations"][1]["name"], "sha256:ab");
  Report other = miner();
  other.header.job.ref = "registry.example:5000/a/b:1@sha256:ff";
  EXPECT_EQ(run_of(other)["artifacts"][0]["location"]["uri"],
            "registry.example%3A5000/a/b%3A1%40sha256%3Aff");
}

TEST(Sarif, AncestorsThenEvidenceAreTheFlow) {
  Json steps = run_of(miner())["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"];
  std::string out;
  for (const Json& step : steps)
    out += std::to_string(step["nestingLevel"].get<int>()) + " " +
           step["location"]["message"]["text"].get<std::string>() + " " + step.value("executionTimeUtc", "") +
           "\n";
  EXPECT_EQ(out, "0 /entry.sh \n1 /bin/miner -o pool \n2 dns A pool.example 2026-11-30T02:09:36.236Z\n");
}

TEST(Sarif, AFindingIsKnownAgainInTheNextScanOfTheImage) {
  Report first = miner(), second = miner(), other = miner();
  second.header.scan_id = "20261201T000000-00000000";
  second.findings.erase(second.findings.begin());
  second.findings[0].evidence.clear();
  other.header.job.ref = "nginx";
  auto print = [](const Report& report, size_t i) {
    return run_of(report)["results"][i]["partialFingerprints"];
  };
  EXPECT_EQ(print(first, 1), print(second, 0));
  EXPECT_NE(print(first, 0), print(first, 1));
  EXPECT_NE(print(first, 0), print(other, 0));
}

TEST(Sarif, WhatWasNotSeenIsSaid) {
  Report report = miner();
  report.completeness.complete = false;
  report.completeness.reasons = {"flows lost 3 events"};
  report.footer.reason = EndReason::start_failed;
  report.footer.detail = "no such file";
  Json invocation = run_of(report)["invocations"][0];
  EXPECT_EQ(invocation["executionSuccessful"], false);
  EXPECT_EQ(invocation["endTimeUtc"], "2026-11-30T02:09:44.236Z");
  EXPECT_EQ(invocation["toolExecutionNotifications"][0]["message"]["text"], "flows lost 3 events");
  EXPECT_EQ(invocation["toolExecutionNotifications"][1]["level"], "error");
}

TEST(Sarif, HostileTextIsNeitherLinkNorPlaceholder) {
  Report report = miner();
  report.findings[0].evidence[0].text = "[click](http://evil) {0} \u202e";
  EXPECT_EQ(run_of(report)["results"][0]["message"]["text"],
            "Name of a pool asked for. Seen: [click] (http://evil) { 0} \\xe2\\x80\\xae (3 events)");
}

TEST(Sarif, SeveralReportsAreRunsOfOneFile) {
  Report reports[] = {miner(), Report()};
  Json runs = Json::parse(sarif_reports(reports))["runs"];
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0]["automationDetails"]["id"], "assay/srv/miner%20image.tar/20261130T020850-383a84bf");
  EXPECT_EQ(runs[1]["results"], Json::array());
}

}  // namespace
}  // namespace assay
