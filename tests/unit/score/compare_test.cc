// A scan held against earlier ones as it is scored: what the report says of it, what rules see, and that
// scoring it again with the same comparison gives the same bytes.
#include "scheduler/score/compare.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "case_reader.h"

namespace assay::testing {
namespace {

const std::string kDiffId = "sha256:" + std::string(64, '2');

TraceHeader header_with_layers() {
  TraceHeader header = test_header();
  header.image.digest = "sha256:" + std::string(64, 'e');
  header.image.layers = {{"", "sha256:" + std::string(64, '1'), 1, "FROM debian"},
                         {"", kDiffId, 1, "COPY agent /usr/bin"}};
  return header;
}

// A service that asks for `names`, each by a program of the second layer.
std::vector<Event> run_asking(const std::vector<std::string>& names) {
  std::string text =
      "- start: {pid: 1, path: /usr/bin/agent, argv: [agent], layer: 2, origin: image}\n"
      "- bind: {pid: 1, fd: 3, proto: tcp, src_addr: 0.0.0.0, src_port: 80}\n"
      "- listen: {pid: 1, fd: 3}\n";
  for (const std::string& name : names) {
    text += "- connect: {pid: 1, proto: udp, dst_addr: 198.18.0.1, dst_port: 53, src_port: 5353}\n";
    text += "- dns: {pid: 1, name: " + name +
            ", answers: [198.18.0.9], proto: udp, dst_addr: 198.18.0.1, dst_port: 53, src_port: 5353}\n";
  }
  return trace(text);
}

Report scored(const RuleSet& rules, const std::vector<Event>& events, std::vector<Baseline> earlier,
              std::vector<Comparison> compared = {}) {
  Scorer scorer(rules, header_with_layers());
  scorer.hold_against(std::move(earlier));
  scorer.hold_compared(std::move(compared));
  for (const Event& event : events) scorer.add(event);
  return scorer.finish(test_footer(events.size()));
}

Baseline baseline(const std::string& relation, const std::vector<std::vector<std::string>>& scans) {
  Baseline out{
      relation, "20261124T031500-00000001", "reg.test/app:1.2.3", "sha256:" + std::string(64, 'd'), {}};
  for (const auto& names : scans) {
    Report report = scored(our_rules(), run_asking(names), {});
    out.scans.push_back(behaviour_of(report));
  }
  return out;
}

std::string changes(const std::vector<Change>& list) {
  std::string out;
  for (const Change& one : list) out += one.kind + " " + one.what + "; ";
  return out;
}

const Finding* finding(const Report& report, const std::string& title) {
  auto found = std::find_if(report.findings.begin(), report.findings.end(),
                            [&](const Finding& one) { return one.title == title; });
  return found == report.findings.end() ? nullptr : &*found;
}

const std::string kNewDomain = "Asks for a domain that the previous version did not ask for";

TEST(Compare, WhatIsNewSinceThePreviousIsTheReportsAndAFinding) {
  Report report =
      scored(our_rules(), run_asking({"api.test", "pool.evil.test"}), {baseline("previous", {{"api.test"}})});
  ASSERT_EQ(report.compared.size(), 1u);
  const Comparison& one = report.compared[0];
  EXPECT_EQ(one.relation + " " + one.ref + " " + one.scan_id,
            "previous reg.test/app:1.2.3 20261124T031500-00000001");
  EXPECT_EQ(changes(one.added), "domain pool.evil.test; ");
  EXPECT_EQ(changes(one.gone), "");
  const Finding* found = finding(report, kNewDomain);
  ASSERT_NE(found, nullptr);
  ASSERT_EQ(found->evidence.size(), 1u);
  EXPECT_EQ(found->evidence[0].text,
            "domain pool.evil.test, by /usr/bin/agent of layer 2 of 2, COPY agent /usr/bin: not in "
            "reg.test/app:1.2.3 (scan 20261124T031500-00000001)");
  EXPECT_EQ(found->layer, kDiffId + ", COPY agent /usr/bin");
  EXPECT_LT(found->weight, 0.15);
}

TEST(Compare, WithoutAnythingNewOrAnythingBeforeNothingIsSaid) {
  Report same = scored(our_rules(), run_asking({"api.test"}), {baseline("previous", {{"api.test"}})});
  ASSERT_EQ(same.compared.size(), 1u);
  EXPECT_EQ(changes(same.compared[0].added) + changes(same.compared[0].gone), "");
  EXPECT_EQ(finding(same, kNewDomain), nullptr);
  Report first = scored(our_rules(), run_asking({"api.test"}), {});
  EXPECT_TRUE(first.compared.empty());
  EXPECT_EQ(finding(first, kNewDomain), nullptr);
}

TEST(Compare, WhatAnyEarlierScanDidIsNotNew) {
  Report report = scored(our_rules(), run_asking({"a.test", "b.test", "c.test"}),
                         {baseline("previous", {{"a.test"}, {"b.test"}})});
  EXPECT_EQ(changes(report.compared.at(0).added), "domain c.test; ");
}

TEST(Compare, WhatABaseImageLacksIsToldAndAccusesNobody) {
  Report report = scored(our_rules(), run_asking({"pool.evil.test"}), {baseline("base", {{}})});
  EXPECT_EQ(changes(report.compared.at(0).added), "domain pool.evil.test; ");
  EXPECT_EQ(finding(report, kNewDomain), nullptr);
}

// A change is no behaviour: or the next version would be told to have lost it.
TEST(Compare, FindingsAreComparedAndThoseOfChangesAreNot) {
  auto rules = RuleSet::compile({{"a.yml", R"(
title: Asked
id: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7b01
logsource: {category: dns_query}
level: low
detection: {s: {QueryName: pool.evil.test}, condition: s}
)"},
                                 {"b.yml", R"(
title: New
id: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7b02
logsource: {category: change}
level: low
detection: {s: {Relation: previous}, condition: s}
assay: {category: change, weight: 0.1}
)"}});
  ASSERT_TRUE(rules) << rules.error().what;
  auto behaviour = [&](Report report) { return behaviour_of(report); };
  Report one = scored(*rules, run_asking({"api.test"}), {});
  Baseline before{"previous", "20261124T031500-00000001", "reg.test/app:1", "", {behaviour(one)}};
  Report two = scored(*rules, run_asking({"api.test", "pool.evil.test"}), {before});
  EXPECT_EQ(changes(two.compared.at(0).added), "finding Asked; domain pool.evil.test; ");
  EXPECT_NE(finding(two, "New"), nullptr);
  before.scans = {behaviour(two)};
  Report three = scored(*rules, run_asking({"api.test", "pool.evil.test"}), {before});
  EXPECT_EQ(changes(three.compared.at(0).added) + changes(three.compared.at(0).gone), "");
  EXPECT_EQ(finding(three, "New"), nullptr);
}

TEST(Compare, ManyChangesOfOneKindAreOneFindingThatCountsThemAll) {
  std::vector<std::string> names;
  for (char c = 'a'; c < 'k'; ++c) names.push_back(std::string(3, c) + ".test");
  Report report = scored(our_rules(), run_asking(names), {baseline("previous", {{}})});
  const Finding* found = finding(report, kNewDomain);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->count, 10u);
  EXPECT_EQ(found->evidence.size(), 5u);
  EXPECT_LT(report.score, 30) << "a new version alone is not suspicious";
}

TEST(Compare, ACorrelationCanCountChanges) {
  auto rules = RuleSet::compile({{"c.yml", R"(
title: New name
name: new_name
logsource: {category: change}
detection: {s: {Change: domain}, condition: s}
assay: {reports: false}
---
title: Three new names
id: 3d5d5e0e-0c6c-4b8f-9d1e-0a52d65d7b03
correlation: {type: event_count, rules: [new_name], timespan: 1m, condition: {gte: 3}}
level: medium
)"}});
  ASSERT_TRUE(rules) << rules.error().what;
  auto with = [&](std::vector<std::string> names) {
    return scored(*rules, run_asking(names), {baseline("previous", {{}})}).findings.size();
  };
  EXPECT_EQ(with({"a.test", "b.test"}), 0u);
  EXPECT_EQ(with({"a.test", "b.test", "c.test"}), 1u);
}

TEST(Compare, ScoringAgainWithTheKeptComparisonGivesTheSameBytes) {
  std::vector<Event> events = run_asking({"api.test", "p\\ool.\xff.test", "pool.evil.test"});
  Report first = scored(our_rules(), events, {baseline("previous", {{"api.test"}}), baseline("base", {{}})});
  std::string json = report_json(first);
  auto kept = parse_report(json);
  ASSERT_TRUE(kept) << kept.error().what;
  ASSERT_EQ(kept->compared.size(), 2u);
  Report again = scored(our_rules(), events, {}, kept->compared);
  EXPECT_EQ(report_json(again), json);
  EXPECT_NE(finding(again, kNewDomain), nullptr);
}

}  // namespace
}  // namespace assay::testing
