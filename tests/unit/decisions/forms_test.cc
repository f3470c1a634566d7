// Decisions as text, JSON, JUnit, SARIF and Markdown, each compared whole or by a parser.
#include "decisions/decision_forms.h"

#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include <sstream>

#include "common/fd.h"
#include "common/text.h"
#include "common/utf8.h"
#include "decision_samples.h"

namespace assay::decisions {
namespace {

using namespace test;
using Json = nlohmann::json;

constexpr const char kPolicy[] =
    "fail: {categories: [miner]}\nwarn: {score: 60}\nallow: {domains: [203.0.113.7], ports: [tcp/80]}\n"
    "waivers:\n"
    "- {rule: listener, subject: tcp/8080, owner: Ann, reason: \"console, see 4711\", expires: 2026-12-10}\n"
    "- {rule: domain, owner: Bob, reason: old, expires: 2026-11-01}\n";

std::vector<Decision> three() {
  return {
      decide(policy_of(kPolicy), miner(), kNow), decide(policy_of("fail: {score: 60}\n"), clean(), kNow),
      decide_unscanned(policy_of("fail: {score: 60}\n"), "registry.example/gone:1", "it is not there", kNow)};
}

std::string written(const char* form, std::span<const Decision> decisions) {
  auto found = find_decision_form(form);
  EXPECT_TRUE(found) << form;
  return found ? (*found)->write(decisions) : "";
}

TEST(DecisionForms, AreFoundByNameAndListedWhereTheyAreNot) {
  std::string names;
  for (const DecisionForm& form : decision_forms())
    names += std::string(form.name) + "." + std::string(form.extension) + " ";
  EXPECT_EQ(names, "text.txt json.json junit.xml sarif.sarif markdown.md ");
  auto none = find_decision_form("yaml\n");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().what,
            "'yaml\\x0a' is no form of a decision; there are text, json, junit, sarif, markdown");
}

// ASSAY_UPDATE_GOLDEN=1 writes the golden files anew: read the difference before you commit it.
void expect_golden(const char* form, const std::string& name) {
  std::string text = written(form, three());
  std::string path = ASSAY_SOURCE_DIR "/tests/golden/decisions/" + name;
  bool update = ::getenv("ASSAY_UPDATE_GOLDEN") != nullptr;
  ASSERT_TRUE(!update || write_file(path, text));
  auto golden = read_file(path, 1 << 20);
  ASSERT_TRUE(golden) << golden.error().what;
  EXPECT_EQ(text, *golden) << name;
}

TEST(DecisionForms, TextBeginsWithTheOutcome) { expect_golden("text", "three.txt"); }

TEST(DecisionForms, JUnitHasASuiteAnImageAndACaseACheck) { expect_golden("junit", "three.xml"); }

TEST(DecisionForms, MarkdownIsASummaryForAPullRequest) { expect_golden("markdown", "three.md"); }

TEST(DecisionForms, MarkdownStaysBelowWhatACommentTakes) {
  std::vector<Decision> many(1000, three()[0]);
  std::string text = written("markdown", many);
  EXPECT_LE(text.size(), 62'000u);
  EXPECT_NE(text.find("more images (FAIL at worst), which the JSON form tells.\n"), std::string::npos);
}

TEST(DecisionForms, JsonSaysAll) {
  Json all = Json::parse(written("json", three()));
  EXPECT_EQ(all["schema"], "assay.decisions/1");
  EXPECT_EQ(all["outcome"], "fail");
  EXPECT_EQ(all["exit_code"], 10);
  ASSERT_EQ(all["decisions"].size(), 3u);
  const Json& first = all["decisions"][0];
  EXPECT_EQ(first["decided"], "2026-11-30T12:00:00.000Z");
  EXPECT_EQ(first["digest"], kDigest);
  EXPECT_EQ(first["policy_sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(
      first["reasons"][0].dump(),
      R"({"check":"category","lapsed":null,"layer":"sha256:ab, COPY xmrig /usr/bin","outcome":"fail",)"
      R"("rule_id":"m-1","rule_title":"Mining protocol spoken","subject":"miner","techniques":["T1496.001"],)"
      R"("text":"Category miner: Mining protocol spoken (rule m-1, technique T1496.001), by )"
      R"(/usr/bin/xmrig -o pool.example:3333, brought by layer 2 of 2, COPY xmrig /usr/bin.","waived":null})");
  EXPECT_EQ(
      first["reasons"][1]["lapsed"].dump(),
      R"({"expires":"2026-11-02T00:00:00.000Z","images":[],"owner":"Bob","reason":"old","rule":"domain","subject":""})");
  EXPECT_EQ(first["reasons"][3]["waived"]["owner"], "Ann");
  EXPECT_EQ(first["waivers_due"].size(), 2u);
  EXPECT_EQ(first["checks"].size(), 6u);
  // One alone is the same object.
  EXPECT_EQ(Json::parse(decision_json(three()[0])), first);
}

TEST(DecisionForms, SarifSuppressesWhatIsWaived) {
  Json run = Json::parse(written("sarif", three()))["runs"][0];
  std::string told;
  for (const Json& result : run["results"]) {
    EXPECT_EQ(run["tool"]["driver"]["rules"][result["ruleIndex"].get<size_t>()]["id"], result["ruleId"]);
    told +=
        result["ruleId"].get<std::string>() + " " + result["level"].get<std::string>() +
        (result.contains("suppressions") ? " " + result["suppressions"][0]["justification"].get<std::string>()
                                         : "") +
        "\n";
  }
  EXPECT_EQ(told,
            "policy/score warning\npolicy/category error\npolicy/domain error\n"
            "policy/listener error waived by Ann until 2026-12-10: console, see 4711\n");
}

// Whatever an image, its peers and its rules can choose, as bad as it can be.
Report hostile() {
  const std::string bad =
      "`x`@everyone #1 [a](http://evil.example) <script>alert(1)</script> ![i](u) a|b ]]> &lt; "
      "{0}\x1b[31m\u202e\n\xff\\|``";
  Report out = miner();
  out.header.job.ref = "registry.example/" + bad;
  out.header.scan_id = bad;
  out.header.image.digest = "sha256:" + bad;
  out.header.image.layers[1].created_by = bad;
  out.dns_names = {bad + ".example"};
  out.listening = {"tcp/" + bad};
  Finding& finding = out.findings[0];
  finding.title = finding.rule_id = bad;
  finding.ancestry = {bad};
  finding.layer = "sha256:ab, " + bad;
  finding.techniques[0].tactic = bad;
  out.processes[1].path = "/" + bad;
  out.completeness.complete = false;
  out.completeness.reasons = {bad};
  Comparison previous{"previous", bad, bad, bad, {{"domain", bad, bad, bad}}, {}, 0};
  out.compared = {previous};
  return out;
}

std::vector<Decision> hostile_decisions() {
  std::string policy =
      "fail: {categories: [miner], techniques: [T1496]}\nallow: {domains: [], ports: []}\n"
      "changes: {domain: fail}\nrequire: {complete_trace: true}\n";
  return {decide(policy_of(policy), hostile(), kNow),
          decide_unscanned(policy_of(policy), hostile().header.job.ref, hostile().header.scan_id, kNow)};
}

TEST(DecisionForms, NothingHiddenIsWritten) {
  for (const DecisionForm& form : decision_forms()) {
    std::string text = form.write(hostile_decisions());
    EXPECT_TRUE(is_utf8(text)) << form.name;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_EQ(still_printable(line), line) << form.name;
  }
}

TEST(DecisionForms, MarkupOfAnImageStaysInCodeSpans) {
  std::istringstream lines(written("markdown", hostile_decisions()));
  for (std::string line; std::getline(lines, line);) {
    std::string outside;
    for (size_t at = 0; at < line.size();) {
      if (line[at] != '`') {
        outside += line[at++];
        continue;
      }
      size_t length = 0, end = at;
      while (at + length < line.size() && line[at + length] == '`') ++length;
      // Its end is the next run of just as many (CommonMark 6.1).
      for (end = at + length; end < line.size();) {
        size_t run = 0;
        while (end + run < line.size() && line[end + run] == '`') ++run;
        if (run == length) break;
        end += std::max<size_t>(run, 1);
      }
      ASSERT_LT(end, line.size()) << "a span without an end: " << line;
      at = end + length;
    }
    EXPECT_EQ(outside.find_first_of("<>[]@|!\\{}&"), std::string::npos) << outside;
    EXPECT_EQ(outside.find("http"), std::string::npos) << outside;
  }
}

TEST(DecisionForms, MarkupOfAnImageIsTextInXml) {
  pugi::xml_document document;
  std::string xml = written("junit", hostile_decisions());
  ASSERT_TRUE(document.load_string(xml.c_str()));
  size_t suites = 0;
  std::string elements;
  for (pugi::xml_node suite : document.child("testsuites")) {
    ++suites;
    EXPECT_TRUE(std::string(suite.attribute("name").value()).find("<script>") != std::string::npos);
    for (pugi::xml_node test : suite.children("testcase"))
      for (pugi::xml_node result : test) elements += std::string(result.name()) + " ";
  }
  EXPECT_EQ(suites, 2u);
  EXPECT_EQ(elements.find("script"), std::string::npos);
}

TEST(DecisionForms, LinksAndPlaceholdersOfAnImageAreNoneInSarif) {
  std::string text = written("sarif", hostile_decisions());
  Json document = Json::parse(text);
  EXPECT_EQ(document["runs"].size(), 2u);
  const Json flat = document.flatten();
  for (const auto& [path, value] : flat.items()) {
    if (!path.ends_with("/text") || !value.is_string()) continue;  // of a message: the rest is no markup
    EXPECT_EQ(value.get<std::string>().find("[a](http"), std::string::npos) << path;
    EXPECT_EQ(value.get<std::string>().find("{0}"), std::string::npos) << path;
  }
}

}  // namespace
}  // namespace assay::decisions
