// docs/policy.md and docs/policies: what they show is read, and decides as they say. And lists of ours that
// have to follow others.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "common/fd.h"
#include "decision_samples.h"
#include "decisions/policy_words.h"
#include "scheduler/score/behaviour.h"
#include "scheduler/score/rule.h"

namespace assay::decisions {
namespace {

using namespace test;
namespace fs = std::filesystem;
const fs::path kSource = ASSAY_SOURCE_DIR;

Policy shipped(const std::string& name) {
  auto policy = read_policy((kSource / "docs/policies" / (name + ".yml")).string());
  EXPECT_TRUE(policy) << policy.error().what;
  return policy ? *policy : Policy();
}

// "fail 10: listener tcp/80, user 0".
std::string comes_to(const std::string& policy, Report report) {
  report.header.start_time_ns = kNow * 1'000'000'000;  // it is as new as can be
  report.footer.phases.clear();
  Decision decision = decide(shipped(policy), report, kNow);
  std::string out =
                  std::string(to_string(decision.outcome)) + " " + std::to_string(exit_code({&decision, 1})),
              whys;
  for (const Reason& reason : decision.reasons)
    if (reason.outcome == Outcome::fail)
      whys += (whys.empty() ? ": " : ", ") + reason.check + " " + reason.subject;
  return out + whys;
}

Report nginx(const std::string& port, uint32_t first, uint32_t then) {
  Report out = clean();
  out.dns_names.clear();
  out.network.clear();
  out.listening = {port};
  out.processes = {process(1, "/usr/sbin/nginx", first), process(7, "/usr/sbin/nginx", then)};
  return out;
}

TEST(PolicyDocs, ThePoliciesThatShipDecideAsTheTableSays) {
  Report debian = nginx("tcp/80", 0, 33), own = nginx("tcp/8080", 1000, 1000), ended = own;
  ended.verdict = Verdict::inconclusive;
  ended.shortfall = "it ended at once";
  std::string rows;
  for (const char* policy : {"lenient", "production", "strict"}) {
    rows += std::string(policy) + "\n";
    for (const Report& report : {debian, own, miner(), ended}) rows += "  " + comes_to(policy, report) + "\n";
    Decision none = decide_unscanned(shipped(policy), "app:1", "the scan failed", kNow);
    rows += std::string("  ") + to_string(none.outcome) + " " + std::to_string(exit_code({&none, 1})) + "\n";
  }
  EXPECT_EQ(rows,
            "lenient\n  pass 0\n  pass 0\n  fail 10: verdict malicious\n  warn 0\n  warn 0\n"
            "production\n  fail 10: listener tcp/80, user 0\n  pass 0\n"
            "  fail 10: verdict malicious, category miner, domain pool.example, domain 203.0.113.7, user 0\n"
            "  fail 11: verdict inconclusive\n  fail 11\n"
            "strict\n  fail 10: listener tcp/80, user 0, user 33\n  pass 0\n"
            "  fail 10: verdict malicious, score 92, level critical, domain pool.example, domain "
            "203.0.113.7, user 0\n"
            "  fail 11: verdict inconclusive\n  fail 11\n");
}

// Every indented block that begins like a policy, or like a part of one.
TEST(PolicyDocs, TheExamplesOfThePageAreRead) {
  auto page = read_file((kSource / "docs/policy.md").string(), 1 << 20);
  ASSERT_TRUE(page);
  std::string block;
  size_t read = 0;
  std::istringstream lines(*page + "\nend\n");
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("    ")) {
      block += line.substr(4) + "\n";
      continue;
    }
    bool whole = block.starts_with("schema:"), part = block.starts_with("waivers:");
    if (whole || part) {
      auto policy = parse_policy(
          whole ? block : "schema: assay.policy/1\nname: p\nfail: {score: 1}\n" + block, "docs/policy.md");
      EXPECT_TRUE(policy) << policy.error().what;
      ++read;
    }
    block.clear();
  }
  EXPECT_EQ(read, 2u);
}

TEST(PolicyDocs, NameEveryCheckAndEveryKindOfChange) {
  auto page = read_file((kSource / "docs/policy.md").string(), 1 << 20);
  ASSERT_TRUE(page);
  for (std::string_view check : check_names())
    EXPECT_NE(page->find("`" + std::string(check) + "`"), std::string::npos) << check;
  for (size_t kind = 0; kind < kFactKinds; ++kind) {
    std::string name = to_string(static_cast<FactKind>(kind));
    EXPECT_NE(page->find("`" + name + "`"), std::string::npos) << name;
    EXPECT_TRUE(policy_of("changes: {" + name + ": fail}\n").changes.contains(name));
  }
}

TEST(PolicyWords, HaveEveryCategoryOfOurRules) {
  auto rules = RuleSet::load(kSource / "rules");
  ASSERT_TRUE(rules) << rules.error().what;
  std::set<std::string> used;
  for (const Rule& rule : rules->state().rules) used.insert(rule.category);
  for (const std::string& category : used)
    EXPECT_EQ(std::count(finding_categories().begin(), finding_categories().end(), category), 1) << category;
}

}  // namespace
}  // namespace assay::decisions
