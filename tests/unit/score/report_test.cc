// Reports whole: golden files for text and JSON, round trip, same bytes for the same trace, hostile text.
// ASSAY_UPDATE_GOLDEN=1 writes the golden files anew: read the difference before you commit it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "case_reader.h"
#include "scheduler/score/findings.h"

namespace assay::testing {
namespace {

void expect_golden(const std::string& name, const std::string& text) {
  auto path = source_dir() / "tests/golden" / name;
  if (std::getenv("ASSAY_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  EXPECT_EQ(read_text(path), text) << name;
}

// What changes with every new rule is not what the golden files are about.
Report stable(Report report) {
  report.rules_version = "0000";
  report.header.image.digest = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
  report.header.image.os = "linux";
  report.header.image.architecture = "amd64";
  report.header.image.cmd = report.processes.empty() ? std::vector<std::string>{} : report.processes[0].argv;
  report.header.image.layers = {{"sha256:33", "sha256:44", 30'123'456, "RUN apt-get install"}};
  report.footer.phases = {{"pull", 1'200'000'000}, {"run", 20'012'000'000}};
  report.footer.cpu_ns = 19'800'000'000;
  report.footer.memory_peak_bytes = 41'000'000;
  return report;
}

TEST(ReportText, MinerReadsAsExpected) {
  expect_golden("miner.txt", report_text(stable(score(our_rules(), stored_trace("miner"))), {}));
}

TEST(ReportText, DropperFitsEightyColumns) {
  std::string text = report_text(stable(score(our_rules(), stored_trace("dropper"))), {false, 80});
  expect_golden("dropper-80.txt", text);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    auto columns = std::count_if(line.begin(), line.end(),
                                 [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; });
    EXPECT_LE(columns, 80) << line;
  }
}

TEST(ReportText, NginxReadsAsExpected) {
  expect_golden("nginx.txt", report_text(stable(score(our_rules(), stored_trace("nginx"))), {}));
}

TEST(ReportText, ChamberReadsAsExpected) {
  Report report = stable(score(our_rules(), stored_trace("chamber")));
  report.header.job.persona = Persona::cloud;
  report.footer.coverage = {120, 14, 96};
  report.footer.limits = {{"memory", "2 GiB; the sandbox was killed", 1},
                          {"disk", "1 GiB; no more could be written", 52}};
  std::string json = report_json(report);
  expect_golden("chamber.txt", report_text(report, {}));
  expect_golden("chamber.json", json);
  auto back = parse_report(json);
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(report_json(*back), json);
  EXPECT_EQ(report_text(*back, {}), report_text(report, {}));
}

TEST(ReportText, IncompleteTraceSaysWhatIsMissing) {
  auto events = stored_trace("nginx");
  Scorer scorer(our_rules(), test_header());
  for (const auto& event : events) scorer.add(event);
  auto footer = test_footer(events.size() + 7);
  footer.reason = EndReason::limit;
  footer.detail = "trace larger than 64 MiB";
  footer.sources[0].lost = 12;
  footer.sources[0].detail = "reader was slow";
  footer.sources[2].attached = false;
  footer.sources[2].detail = "no BTF";
  Report report = scorer.finish(footer);
  EXPECT_EQ(report.verdict, Verdict::inconclusive);
  expect_golden("incomplete.txt", report_text(stable(report), {}));
}

// With a rule of the test's own: what ours make of the guard's events is told by their cases.
TEST(ReportText, AGuardHitIsTheFirstThingThatIsSaid) {
  auto rules = RuleSet::compile({{"guard.yml", R"(
title: The sandbox did on its host what the runtime never does
id: 5b7b1c1e-8d0a-4f6e-9a44-9a54f0a3c001
status: test
description: A guest may be out of its sandbox.
author: The Assay authors
date: 2026-11-29
tags: [attack.privilege-escalation, attack.t1611]
logsource: {product: linux, category: guard}
detection:
  selection: {Part: stranger}
  condition: selection
level: critical
assay: {category: container_escape, weight: 0.95}
)"}});
  ASSERT_TRUE(rules) << rules.error().what;
  auto events = stored_trace("redis");
  Event hit;
  hit.seq = events.size() + 1;
  hit.time_ns = events.back().time_ns;
  hit.kind = EventKind::guard;
  hit.plane = Plane::host;
  hit.source = Source::guard;
  hit.name = "exec";
  hit.call = "execve";
  hit.path = "/bin/sh";
  hit.path2 = "stranger";
  events.push_back(hit);
  Scorer scorer(*rules, test_header());
  for (const auto& event : events) scorer.add(event);
  auto footer = test_footer(events.size());
  footer.reason = EndReason::guard;
  footer.detail = "exec by a stranger, task 4711 (sh): execve /bin/sh";
  Report report = scorer.finish(footer);
  EXPECT_EQ(report.verdict, Verdict::malicious);
  EXPECT_FALSE(report.completeness.complete);
  expect_golden("guard-hit.txt", report_text(stable(report), {}));
  auto json = nlohmann::json::parse(report_json(report));
  EXPECT_EQ(json["run"]["end"], "guard");
  EXPECT_EQ(json["run"]["detail"], footer.detail);
  EXPECT_EQ(json["completeness"]["reasons"][0],
            "the sandbox's guard was hit: the agent was fenced: " + footer.detail);
  auto back = parse_report(report_json(report));
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->footer.reason, EndReason::guard);
}

TEST(ReportText, ColorsOnlyWhenAsked) {
  Report report = score(our_rules(), stored_trace("miner"));
  EXPECT_EQ(report_text(report, {false, 100}).find('\x1b'), std::string::npos);
  EXPECT_NE(report_text(report, {true, 100}).find("\x1b[1;31mMALICIOUS\x1b[0m"), std::string::npos);
}

TEST(ReportJson, ReverseShellReadsAsExpected) {
  expect_golden("reverse-shell.json", report_json(stable(score(our_rules(), stored_trace("reverse-shell")))));
}

TEST(ReportJson, HasTheKeysThatTheFormatPromises) {
  auto json = nlohmann::json::parse(report_json(score(our_rules(), stored_trace("miner"))));
  EXPECT_EQ(json["schema"], "assay.report/1");
  EXPECT_EQ(json["verdict"], "malicious");
  for (const char* key : {"scan", "score", "image", "run", "findings", "processes", "network", "dns_names",
                          "listening", "files", "left_out", "completeness", "output"})
    EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_EQ(json["completeness"]["lost"], 0);
}

TEST(ReportJson, ReadsBackWhatItWrote) {
  for (const char* name : {"miner", "dropper", "nginx", "apt"}) {
    Report report = stable(score(our_rules(), stored_trace(name)));
    std::string json = report_json(report);
    auto back = parse_report(json);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(report_json(*back), json) << name;
    EXPECT_EQ(report_text(*back, {}), report_text(report, {})) << name;
  }
}

TEST(ReportJson, ReadsReportsFromBeforeKeysWereAdded) {
  auto json = nlohmann::ordered_json::parse(report_json(score(our_rules(), stored_trace("chamber"))));
  for (const char* key : {"downloads", "tokens", "plan", "ports", "coverage"}) json.erase(key);
  json["scan"].erase("persona");
  json["scan"].erase("provoke");
  json["processes"][0].erase("provoked");
  json["network"][0].erase("requests");
  auto report = parse_report(json.dump());
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_TRUE(report->downloads.empty());
  EXPECT_EQ(report->header.job.persona, Persona::bare);
}

TEST(ReportJson, RefusesWhatIsNotAReport) {
  auto refuses = [](const std::string& text, const std::string& why) {
    auto report = parse_report(text);
    ASSERT_FALSE(report) << text;
    EXPECT_NE(report.error().what.find(why), std::string::npos) << report.error().what;
  };
  refuses("", "not a JSON object");
  refuses("[]", "not a JSON object");
  refuses("{}", "no schema");
  refuses(R"({"schema": 7})", "no schema");
  refuses(R"({"schema": "assay.report/2"})", "assay.report/2");
  refuses(R"({"schema": "assay.report/1"})", "scan is missing");
  std::string good = report_json(score(our_rules(), stored_trace("miner")));
  for (auto [from, to] : {std::pair{"\"score\": ", "\"score\": 1e99, \"x\": "},
                          {"\"pid\": 1,", "\"pid\": 99999999999,"},
                          {"\"verdict\": \"malicious\"", "\"verdict\": \"fine\""},
                          {"\"findings\": [", "\"findings\": {}, \"y\": ["}}) {
    std::string bad = good;
    bad.replace(bad.find(from), std::string(from).size(), to);
    EXPECT_FALSE(parse_report(bad)) << to;
  }
  refuses(std::string(100'000, '['), "not a JSON object");
}

TEST(Report, SameTraceGivesSameBytes) {
  for (const char* name : {"miner", "dropper", "escape", "credentials", "apt", "chamber"}) {
    auto events = stored_trace(name);
    EXPECT_EQ(report_json(score(our_rules(), events)), report_json(score(our_rules(), events))) << name;
  }
}

TEST(Report, HostileTextCannotReachATerminal) {
  auto events = trace(R"(
- start: {pid: 1, path: "/bin/\e]0;owned\a", argv: ["x\e[2J\nMALICIOUS 0/100", "\u202Egnp.exe"], cwd: "/\e"}
- dns: {name: "evil\e[31m.example", query_type: A, src_port: 53, answers: [198.18.0.2]}
- connect: {fd: 3, proto: tcp, dst_addr: 198.18.0.2, dst_port: 80}
- payload: {proto: tcp, src_addr: 10.1.1.2, dst_addr: 198.18.0.2, dst_port: 80, data: "NICK \e[1mx\r\nUSER a b c :\e\r\n"}
- file: {path: "/tmp/\e[8m", origin: dropped, file_type: elf}
- output: {fd: 1, data: "\e[2J\x9b31m\0back\\slash"}
)");
  TraceHeader header = test_header();
  header.job.ref = "evil\x1b[2J";
  header.image.cmd = {"\x1b[31m"};
  Scorer scorer(our_rules(), header);
  for (const auto& event : events) scorer.add(event);
  auto footer = test_footer(events.size());
  footer.detail = "\x1b[2J";
  footer.sources[0].detail = "\x9b";
  Report report = scorer.finish(footer);
  auto json = nlohmann::json::parse(report_json(report));
  auto back = parse_report(json.dump());
  ASSERT_TRUE(back);
  for (const std::string& text : {report_text(report, {}), report_text(*back, {}), json.dump()})
    for (char c : text) EXPECT_TRUE(static_cast<uint8_t>(c) >= 0x20 || c == '\n') << static_cast<int>(c);
  EXPECT_EQ(report_text(report, {}).find("\u202e"), std::string::npos);
  EXPECT_NE(report_text(report, {}).find("x\\x1b[2J\\x0aMALICIOUS"), std::string::npos)
      << report_text(report, {});
  EXPECT_EQ(report_text(report, {}), report_text(*back, {}));
}

TEST(Report, ForgedJsonCannotReachATerminal) {
  std::string json = report_json(score(our_rules(), stored_trace("miner")));
  auto at = json.find("Mining protocol");
  json.replace(at, 6, "\\u001b[2J");
  auto report = parse_report(json);
  ASSERT_TRUE(report);
  EXPECT_EQ(report_text(*report, {}).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace assay::testing
