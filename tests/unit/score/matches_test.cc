// What is made of files that match YARA rules.
#include <gtest/gtest.h>

#include "case_reader.h"

namespace assay::testing {
namespace {

Event file(const std::string& path, std::vector<std::string> matches) {
  Event e;
  e.kind = EventKind::file;
  e.plane = Plane::host;
  e.source = Source::harvest;
  e.path = path;
  e.origin = "dropped";
  e.file_type = "elf";
  e.sha256 = std::string(64, 'a');
  e.mime = "application/x-executable";
  e.similarity = "T1" + std::string(70, 'B');
  e.matches = std::move(matches);
  return e;
}

Event exec(int32_t pid, const std::string& path) {
  Event e;
  e.kind = pid == 1 ? EventKind::start : EventKind::exec;
  e.source = Source::seccheck;
  e.pid = e.tid = pid;
  e.path = path;
  e.cwd = "/";
  e.argv = {path};
  return e;
}

Report score_of(std::vector<Event> events) {
  Scorer scorer(our_rules(), TraceHeader());
  uint64_t seq = 0;
  for (Event& event : events) {
    event.seq = ++seq;
    scorer.add(event);
  }
  return scorer.finish(TraceFooter());
}

const Finding* finding(const Report& report, const std::string& title) {
  for (const Finding& one : report.findings)
    if (one.title == title) return &one;
  return nullptr;
}

TEST(Matches, StandBesideTheFileInTheReport) {
  Report report = score_of({exec(1, "/bin/sh"), file("/tmp/x", {"assay_hint:upx_packed", "gen:suspicious"})});
  ASSERT_EQ(report.files.size(), 1u);
  EXPECT_EQ(report.files[0].mime, "application/x-executable");
  EXPECT_EQ(report.files[0].similarity.size(), 72u);
  EXPECT_EQ(report.files[0].matches, (std::vector<std::string>{"assay_hint:upx_packed", "gen:suspicious"}));
  EXPECT_NE(report_text(report, {}).find("matches assay_hint:upx_packed, gen:suspicious"), std::string::npos);
}

TEST(Matches, EvidenceNamesRuleAndFileAndTellsOursFromTheUsers) {
  Report report = score_of({exec(1, "/bin/sh"), file("/tmp/x", {"assay_hint:upx_packed", "gen:a", "gen:b"})});
  const Finding* ours = finding(report, "File with a mark that malware and honest software share");
  const Finding* users = finding(report, "Program that matches a rule of a YARA directory");
  ASSERT_TRUE(ours && users);
  EXPECT_EQ(ours->evidence[0].text, "/tmp/x matches assay_hint:upx_packed");
  EXPECT_EQ(users->evidence[0].text, "/tmp/x matches gen:a, gen:b");
}

// A file of the image that was executed is no file that was left behind, nor is one that deleted itself.
TEST(Matches, ExecutedFilesThatWereNotLeftBehindAreNoChanges) {
  Event own = file("/usr/bin/xmrig", {"assay_miner:xmrig_program"});
  own.origin = "image";
  own.call = "executed";
  own.pid = 1;
  Event gone = file("/tmp/gone", {});
  gone.call = "executed";
  gone.pid = 7;
  Report report = score_of({exec(1, "/usr/bin/xmrig"), own, gone});
  EXPECT_TRUE(report.files.empty());
  const Finding* found = finding(report, "Program with the marks of a miner run");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->evidence[0].text, "/usr/bin/xmrig matches assay_miner:xmrig_program");
  EXPECT_EQ(found->evidence[0].pid, 1);
  EXPECT_EQ(finding(report, "File with the marks of malware"), nullptr) << "told once";
}

// Names come from a child that reads hostile files, and from the guest.
TEST(Matches, HostileTextIsShownHarmless) {
  Report report = score_of({exec(1, "/bin/sh"), file("/tmp/\x1b[2J", {"gen:\x1b[31m", "no colon", ":", ""})});
  for (const Finding& one : report.findings)
    for (const Evidence& item : one.evidence) EXPECT_EQ(item.text.find('\x1b'), std::string::npos);
  EXPECT_EQ(report_text(report, {}).find('\x1b'), std::string::npos);
  EXPECT_TRUE(parse_report(report_json(report)));
}

TEST(Matches, OfThePublicRulesAloneMakeNothingMalicious) {
  std::vector<Event> events = {exec(1, "/usr/sbin/nginx")};
  for (int i = 0; i < 50; ++i) {
    events.push_back(file("/tmp/" + std::to_string(i), {"gen:a", "gen:b", "other:c"}));
    events.push_back(file("/tmp/t" + std::to_string(i), {"gen:a"}));
    events.back().file_type = "text";
  }
  EXPECT_LT(score_of(events).score, 70);
}

}  // namespace
}  // namespace assay::testing
