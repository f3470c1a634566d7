// What the sections of the HTML report say of a report: folds, counts, order, places on the axis.
#include <gtest/gtest.h>

#include "scheduler/export/html_parts.h"
#include "scheduler/export/html_sections.h"

namespace assay {
namespace {

using html::Writer;

Process process(int32_t pid, int32_t parent, const std::string& path) {
  Process out;
  out.pid = pid;
  out.parent = parent;
  out.path = path;
  out.argv = {path};
  out.origin = "image";
  out.end_ns = out.start_ns = pid * 1'000'000'000ll;
  out.exit_status = 0;
  return out;
}

std::string written(void (*write)(Writer&, const Report&), const Report& report) {
  Writer page;
  write(page, report);
  return page.take();
}

size_t count_of(const std::string& text, std::string_view what) {
  size_t out = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

// The texts that stand between tags, joined by "|".
std::string words(const std::string& markup) {
  std::string out;
  bool inside = false, fresh = true;
  for (char c : markup) {
    if (c == '<') inside = true, fresh = true;
    if (!inside) {
      if (fresh && !out.empty()) out += '|';
      out += c;
      fresh = false;
    }
    if (c == '>') inside = false;
  }
  return out;
}

TEST(HtmlTree, WhatTheImageDidIsOpenAndWhatWasProvokedIsFolded) {
  Report r;
  r.processes = {process(1, 0, "/bin/init"), process(2, 1, "/bin/child"), process(3, 0, "/bin/asked"),
                 process(4, 3, "/bin/below"), process(5, 0, "/bin/dull")};
  for (size_t i : {2u, 4u}) r.processes[i].provoked = true;
  std::string page = written(html::write_processes, r);
  EXPECT_EQ(count_of(page, "<details open=\"\">"), 1u);
  EXPECT_EQ(count_of(page, "<details>"), 1u);
  EXPECT_NE(page.find("1 more process of the image that the run plan started, without children"),
            std::string::npos);
}

TEST(HtmlTree, EqualSiblingsShareALine) {
  Report r;
  r.processes = {process(1, 0, "/bin/init"), process(2, 1, "/bin/id"), process(3, 1, "/bin/id"),
                 process(4, 1, "/bin/id")};
  std::string page = written(html::write_processes, r);
  EXPECT_EQ(count_of(page, "/bin/id"), 1u);
  EXPECT_EQ(count_of(page, "×3"), 1u);
}

TEST(HtmlTree, AChainOfForksIsNestedToABoundAndThenTold) {
  Report r;
  for (int32_t pid = 1; pid <= 60; ++pid) r.processes.push_back(process(pid, pid - 1, "/bin/fork"));
  std::string page = written(html::write_processes, r);
  EXPECT_EQ(count_of(page, "/bin/fork"), 60u);
  EXPECT_LT(count_of(page, "<details"), 20u);
  EXPECT_NE(page.find("depth 59"), std::string::npos);
}

TEST(HtmlMatrix, TacticsStandInTheOrderOfAnAttackAndTheOthersAreCounted) {
  Report r;
  r.findings.resize(2);
  r.findings[0].level = "critical";
  r.findings[0].techniques = {{"T1496.001", "impact"}, {"T1059.004", "execution"}};
  r.findings[1].level = "low";
  r.findings[1].techniques = {{"T1496.001", "impact"}, {"T1036.006", "stealth"}};
  std::string said = words(written(html::write_matrix, r));
  EXPECT_LT(said.find("Execution"), said.find("Defense Evasion"));  // "stealth" by its older name
  EXPECT_LT(said.find("Defense Evasion"), said.find("Impact"));
  EXPECT_NE(said.find("T1496.001| Compute Hijacking| 2 findings"), std::string::npos) << said;
  EXPECT_NE(said.find("Nothing was seen of the other 11 tactics."), std::string::npos) << said;
}

TEST(HtmlTimeline, CountsFromTheSandboxesStartOnOneAxis) {
  Report r;
  r.footer.phases = {{"pull", 7'000'000'000}, {"start", 1'000'000'000}, {"run", 9'000'000'000}};
  r.network.resize(1);
  r.network[0].proto = "tcp";
  r.network[0].addr = "198.18.0.1";
  r.network[0].port = 80;
  r.network[0].first_ns = 2'500'000'000;
  std::string page = written(html::write_timeline, r), said = words(page);
  EXPECT_NE(said.find("Before it: |pull 7.000 s"), std::string::npos) << said;
  EXPECT_NE(said.find("Phases|0|2 s|4 s|6 s|8 s|start|0.000 s – 1.000 s|run|1.000 s – 10.0 s"),
            std::string::npos)
      << said;
  EXPECT_NE(page.find("left:10.00%;width:90.00%"), std::string::npos);
  EXPECT_NE(said.find("198.18.0.1 tcp/80|2.500 s"), std::string::npos) << said;
  EXPECT_NE(page.find("left:25.00%"), std::string::npos);
}

TEST(HtmlTimeline, WhatHasNoTimeIsLeftOut) {
  Report r;
  r.network.resize(1);
  r.network[0].addr = "198.18.0.1";
  r.dns_names = {"old.example"};
  std::string page = written(html::write_timeline, r);
  EXPECT_EQ(page.find("198.18.0.1"), std::string::npos);
  EXPECT_EQ(page.find("old.example"), std::string::npos);
}

TEST(HtmlNetwork, PortsOfAHostStandTogetherAndTheAccusedComeFirst) {
  Report r;
  r.network.resize(3);
  for (size_t i = 0; i < 3; ++i) {
    r.network[i].proto = "tcp";
    r.network[i].addr = i == 1 ? "203.0.113.9" : "198.18.0.1";
    r.network[i].port = static_cast<uint32_t>(80 + i);
  }
  r.findings.resize(1);
  r.findings[0].title = "Shell handed out";
  r.findings[0].level = "high";
  r.findings[0].evidence = {{1, 5, 0, "connect tcp 203.0.113.9:81"}};
  std::string said = words(written(html::write_network, r));
  EXPECT_LT(said.find("203.0.113.9"), said.find("198.18.0.1"));
  EXPECT_NE(said.find("203.0.113.9| |Shell handed out|tcp/81"), std::string::npos) << said;
  EXPECT_EQ(count_of(said, "198.18.0.1"), 1u);
}

TEST(HtmlLayers, TellWhatCameFromEach) {
  Report r;
  r.header.image.layers = {{"sha256:1", "sha256:aa", 1024, "FROM base"},
                           {"sha256:2", "sha256:bb", 2048, "COPY x /"}};
  r.findings.resize(1);
  r.findings[0].title = "Miner started";
  r.findings[0].level = "critical";
  r.findings[0].layer = "sha256:bb, COPY x /";
  r.processes = {process(1, 0, "/x"), process(2, 1, "/bin/sh")};
  r.processes[0].layer = 2;
  r.processes[1].layer = 1;
  std::string said = words(written(html::write_layers, r));
  size_t second = said.find("Layer 2");
  EXPECT_LT(said.find("/bin/sh"), second);
  EXPECT_GT(said.find("Miner started"), second);
  EXPECT_GT(said.find("Ran |/x"), second) << said;
}

TEST(HtmlChanges, TellWhatCameAndWentWithItsLayer) {
  Report r;
  r.header.image.layers = {{"sha256:1", "sha256:aa", 1024, "FROM base"},
                           {"sha256:2", "sha256:bb", 2048, "COPY x /"}};
  r.compared = {{"previous",
                 "20261129T000000-00000001",
                 "registry.example/<b>app:1.2",
                 "sha256:1",
                 {{"domain", "pool.evil.test", "/x", "sha256:bb, COPY x /"}},
                 {{"file_area", "/srv/*", "", ""}},
                 2}};
  std::string page = written(html::write_changes, r), said = words(page);
  EXPECT_NE(said.find("pool.evil.test"), std::string::npos) << said;
  EXPECT_NE(said.find("layer 2 of 2, COPY x /"), std::string::npos) << said;
  EXPECT_NE(said.find("file area"), std::string::npos) << said;
  EXPECT_EQ(page.find("<b>"), std::string::npos);
  EXPECT_NE(said.find("4 changes"), std::string::npos) << said;
}

TEST(HtmlParts, PercentIsOfTheWholeAndNeverMore) {
  EXPECT_EQ(html::percent(1, 3), "33.33%");
  EXPECT_EQ(html::percent(9, 3), "100.00%");
  EXPECT_EQ(html::percent(-1, 3), "0.00%");
  EXPECT_EQ(html::percent(1, 0), "0.00%");
}

}  // namespace
}  // namespace assay
