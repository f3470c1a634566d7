// What a person reads of decisions, and how those of several personas become one.
#include "cli/gate_text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "cli/gate_order.h"
#include "cli/gate_output.h"
#include "common/fd.h"
#include "tests/support.h"
#include "tests/unit/cli/gate_kit.h"

namespace assay::cli {
namespace {

GateOrder order_of(const std::string& policy, std::vector<std::string> refs) {
  GateOrder order;
  order.refs = std::move(refs);
  order.wish.personas = {Persona::bare};
  auto read = decisions::parse_policy(policy, "policy.yml");
  EXPECT_TRUE(read) << read.error().what;
  order.policy = *read;
  return order;
}

std::string text_of(const GateOrder& order, Verdict verdict, unsigned width = 100, bool color = false) {
  auto decision = decide_report(order, 0, gate_report(order.refs[0], verdict));
  EXPECT_TRUE(decision);
  return gate_text(std::span(&*decision, 1),
                   {{color, width}, "assay report SCAN_ID --server https://farm.test"});
}

TEST(GateText, SaysWhatFailedAndWhatToDo) {
  GateOrder order = order_of(kNoMiners, {"team/app:1"});
  std::string text = text_of(order, Verdict::malicious);
  EXPECT_TRUE(text.starts_with("FAIL  team/app:1: The verdict is malicious, with a score of 95 of 100"))
      << text;
  for (std::string part :
       {"  policy    production (sha256 " + order.policy.sha256.substr(0, 12) + ")", "  digest    " + kDigest,
        std::string("  fails     Category miner: Talks to a mining pool"),
        std::string("  report    assay report 20261120T000000-000000aa --server https://farm.test\n"),
        std::string("- rule: \"Talks to a mining pool\""), std::string("images: [\"team/app:1\"]")})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(GateText, AVerdictAloneTellsTheFindingsBehindIt) {
  GateOrder order = order_of(policy_text("fail: {verdict: malicious}\n"), {"team/app:1"});
  std::string text = text_of(order, Verdict::malicious, 200);
  EXPECT_NE(
      text.find("It comes of Talks to a mining pool (rule 5a76c1f0-0000-4000-8000-000000000001, T1496.001)."),
      std::string::npos)
      << text;
}

TEST(GateText, IsCutToNoTerminalButWraps) {
  GateOrder order = order_of(kNoMiners, {"team/app:1"});
  std::istringstream lines(text_of(order, Verdict::malicious, 60));
  for (std::string line; std::getline(lines, line);) {
    bool to_copy = line.find("assay report") != std::string::npos;
    EXPECT_TRUE(to_copy || line.size() <= 60) << line;
  }
  EXPECT_NE(text_of(order, Verdict::malicious, 100, true).find("\033["), std::string::npos);
}

TEST(GateText, ShowsNothingHiddenOfAnImagesName) {
  GateOrder order = order_of(kNoMiners, {"team/app:1"});
  auto decision = decide_without(order, 0, "it said \033[2J\xe2\x80\xae and \n more");
  std::string text = gate_text(std::span(&decision, 1), {{false, 100}, ""});
  EXPECT_EQ(text.find('\033'), std::string::npos) << text;
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos) << text;
}

TEST(GateOrder, PersonasOfOneImageAreOneDecision) {
  GateOrder order = order_of(kNoMiners, {"a", "b"});
  order.wish.personas = {Persona::bare, Persona::ci};
  std::vector<GateAnswer> answers;
  for (size_t ref : {1u, 0u})
    for (Persona persona : order.wish.personas) {
      Verdict verdict = ref == 1 || persona == Persona::ci ? Verdict::malicious : Verdict::clean;
      answers.push_back({ref, persona, *decide_report(order, ref, gate_report("x", verdict))});
    }
  auto joined = join_answers(order, answers);
  ASSERT_EQ(joined.size(), 2u);
  EXPECT_EQ(joined[0].ref, "a");
  EXPECT_EQ(joined[0].outcome, decisions::Outcome::fail);
  ASSERT_EQ(joined[0].reasons.size(), 2u);
  for (const auto& reason : joined[0].reasons) {
    EXPECT_TRUE(reason.text.ends_with(" (as ci, scan 20261120T000000-000000aa)")) << reason.text;
    std::string parts;
    for (const auto& part : reason.parts) parts += part;
    EXPECT_EQ(parts, reason.text);
  }
  EXPECT_EQ(joined[1].reasons.size(), 2u);
  for (const auto& reason : joined[1].reasons) EXPECT_EQ(reason.text.find("(as "), std::string::npos);
}

TEST(GateOutput, SummaryIsCutAtALine) {
  TempDir dir;
  std::string path = dir.path() / "summary.md";
  GateOrder order = order_of(kNoMiners, {"a"});
  std::vector<decisions::Decision> many(400, decide_without(order, 0, std::string(200, 'x')));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(append_summary(path, many));  // each of some 60 KB
  auto text = read_file(path, 4 << 20);
  ASSERT_TRUE(text);
  EXPECT_LE(text->size(), kMaxSummaryBytes);
  EXPECT_GT(text->size(), kMaxSummaryBytes - 2000);
  EXPECT_TRUE(text->ends_with("1 MiB.*\n"));
  ASSERT_TRUE(append_summary(path, many));
  EXPECT_LE(std::filesystem::file_size(path), kMaxSummaryBytes);
}

}  // namespace
}  // namespace assay::cli
