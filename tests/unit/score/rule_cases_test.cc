// Every rule of ours fires on its cases and stays silent on its near misses (rules/cases/*.yml, one file per
// rule file).
#include <gtest/gtest.h>

#include <map>

#include "case_reader.h"
#include "scheduler/score/attack.h"
#include "scheduler/score/rule.h"

namespace assay::testing {
namespace {

std::vector<RuleCases> our_cases() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "rules/cases"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<RuleCases> out;
  for (const auto& file : files) {
    auto cases = read_rule_cases(read_text(file), file.filename());
    EXPECT_TRUE(cases) << cases.error().what;
    if (cases) out.insert(out.end(), cases->begin(), cases->end());
  }
  return out;
}

// "FILE: 'TITLE' what; found: titles" of each.
std::string failures(const CaseResults& results) {
  std::string out;
  for (const auto& failure : results.failures) {
    out += failure.source + ": '" + failure.rule + "' " + failure.what + "\n";
    for (const auto& title : failure.found) out += "    found: " + title + "\n";
  }
  return out;
}

CaseResults run_all(const RuleSet& rules, const std::vector<RuleCases>& cases) {
  return run_rule_cases(
      rules, cases, [](const Rule&) { return true; }, true);
}

TEST(Rules, EachFiresOnItsCasesAndIsSilentOnNearMisses) {
  CaseResults results = run_all(our_rules(), our_cases());
  EXPECT_EQ(failures(results), "");
  EXPECT_GE(results.rules, 25u);
  EXPECT_GE(results.firing, results.rules);
  EXPECT_GE(results.near_misses, results.rules);
}

TEST(Rules, EachIsExplained) {
  std::map<std::string, int> techniques;
  for (const auto& rule : our_rules().state().rules) {
    EXPECT_TRUE(rule.logsource || rule.correlation) << rule.source;
    EXPECT_GE(rule.description.size(), 40u) << rule.source;
    EXPECT_FALSE(rule.techniques.empty()) << rule.source;
    EXPECT_EQ(rule.id.size(), 36u) << rule.source;
    for (const auto& technique : rule.techniques) {
      EXPECT_FALSE(technique.tactic.empty()) << rule.source;
      ++techniques[technique.id];
    }
    auto documents = yaml::parse(read_text(source_dir() / "rules" / rule.source));
    for (const auto& document : *documents)
      EXPECT_NE(document.find("falsepositives"), nullptr) << rule.source;
  }
  EXPECT_GE(techniques.size(), 8u);
}

// Public data, not part of the project: named by ASSAY_CORPUS, or beside the source directory.
std::filesystem::path corpus() {
  if (const char* named = std::getenv("ASSAY_CORPUS")) return named;
  auto up = source_dir();
  while (!std::filesystem::exists(up.parent_path() / "shared/corpus") && up != up.root_path())
    up = up.parent_path();
  return up.parent_path() / "shared/corpus";
}

// MITRE's table: id to ",tactic,tactic,".
std::map<std::string, std::string> public_tactics() {
  std::map<std::string, std::string> tactics;
  std::ifstream in(corpus() / "attack-techniques.tsv");
  for (std::string line; std::getline(in, line);) {
    auto a = line.find('\t'), b = line.find('\t', a + 1), c = line.find('\t', b + 1);
    if (c != std::string::npos) tactics[line.substr(0, a)] = "," + line.substr(b + 1, c - b - 1) + ",";
  }
  return tactics;
}

TEST(Rules, TechniquesBelongToTheirTactics) {
  auto tactics = public_tactics();
  if (tactics.empty())
    GTEST_SKIP() << "no attack-techniques.tsv in " << corpus() << "; set ASSAY_CORPUS to test the pairs";
  ASSERT_GT(tactics.size(), 100u);
  for (const auto& rule : our_rules().state().rules)
    for (const auto& technique : rule.techniques) {
      // The table is of Linux and containers; a cloud's own sub-technique stands under its parent there.
      std::string id(canonical_technique(technique.id));
      if (!tactics.contains(id)) id = id.substr(0, id.find('.'));
      std::string tactic = "," + std::string(canonical_tactic(technique.tactic)) + ",";
      EXPECT_NE(tactics[id].find(tactic), std::string::npos)
          << rule.source << ": " << technique.id << " does not belong to " << technique.tactic << " but to "
          << tactics[id];
    }
}

TEST(Rules, EveryTechniqueThatOursNameIsInOurTableUnderItsTactic) {
  for (const auto& rule : our_rules().state().rules)
    for (const auto& technique : rule.techniques) {
      const AttackTechnique* known = find_technique(technique.id);
      ASSERT_NE(known, nullptr) << rule.source << ": " << technique.id << " is not in attack_table.cc";
      EXPECT_TRUE(belongs_to(*known, technique.tactic))
          << rule.source << ": " << technique.id << " belongs to " << known->tactics << ", not to "
          << technique.tactic;
    }
}

TEST(Rules, EveryTechniqueThatPublicRulesNameIsInOurTable) {
  auto rules = corpus() / "sigma/rules";
  if (!std::filesystem::exists(rules))
    GTEST_SKIP() << "no " << rules << "; set ASSAY_CORPUS to test its tags";
  size_t named = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(rules)) {
    if (entry.path().extension() != ".yml") continue;
    auto documents = yaml::parse(read_text(entry.path()));
    ASSERT_TRUE(documents) << entry.path() << documents.error().what;
    for (const auto& document : *documents)
      for (const auto& tag : document.find("tags") ? document.find("tags")->items : std::vector<yaml::Node>())
        if (tag.scalar.starts_with("attack.t1")) {
          EXPECT_NE(technique_name("T" + tag.scalar.substr(8)), "") << entry.path() << ": " << tag.scalar;
          ++named;
        }
  }
  EXPECT_GT(named, 200u);
}

}  // namespace
}  // namespace assay::testing
