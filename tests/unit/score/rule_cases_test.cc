// Every rule of ours fires on its cases and stays silent on its near misses (rules/cases/*.yml, one file per
// rule file).
#include <gtest/gtest.h>

#include <map>

#include "case_reader.h"
#include "scheduler/score/rule.h"

namespace assay::testing {
namespace {

struct Cases {
  std::vector<yaml::Node> fires, silent;
};

std::map<std::string, Cases> read_cases() {
  std::map<std::string, Cases> out;
  for (const auto& entry : std::filesystem::directory_iterator(source_dir() / "rules/cases")) {
    auto documents = yaml::parse(read_text(entry.path()));
    EXPECT_TRUE(documents) << entry.path() << ": " << documents.error().what;
    for (const auto& document : *documents) {
      Cases& cases = out[document.text("rule")];
      if (const auto* list = document.find("fires")) cases.fires = list->items;
      if (const auto* list = document.find("silent")) cases.silent = list->items;
    }
  }
  return out;
}

bool found(const std::string& title, const yaml::Node& trace_node, std::string* all) {
  Report report = score(our_rules(), TraceText::events(trace_node), TraceText::limits(trace_node));
  *all = titles(report);
  for (const auto& finding : report.findings)
    if (finding.title == title) {
      EXPECT_FALSE(finding.evidence.empty()) << title;
      return true;
    }
  return false;
}

TEST(Rules, EachFiresOnItsCasesAndIsSilentOnNearMisses) {
  auto cases = read_cases();
  size_t tested = 0;
  for (const auto& rule : our_rules().state().rules) {
    if (!rule.reports) continue;  // tested through the correlation that it feeds
    ++tested;
    const auto& own = cases[rule.title];
    EXPECT_FALSE(own.fires.empty()) << rule.source << ": '" << rule.title
                                    << "' has no case in which it fires";
    EXPECT_FALSE(own.silent.empty()) << rule.source << ": '" << rule.title << "' has no near miss";
    std::string all;
    for (size_t i = 0; i < own.fires.size(); ++i)
      EXPECT_TRUE(found(rule.title, own.fires[i], &all))
          << rule.source << ": fires[" << i << "] does not; found:\n"
          << all;
    for (size_t i = 0; i < own.silent.size(); ++i)
      EXPECT_FALSE(found(rule.title, own.silent[i], &all)) << rule.source << ": silent[" << i << "] fires";
  }
  EXPECT_GE(tested, 25u);
}

TEST(Rules, CasesNameOnlyRulesThatExist) {
  std::map<std::string, bool> titles_seen;
  for (const auto& rule : our_rules().state().rules) titles_seen[rule.title] = true;
  for (const auto& [title, cases] : read_cases()) EXPECT_TRUE(titles_seen.contains(title)) << title;
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
TEST(Rules, TechniquesBelongToTheirTactics) {
  const char* named = std::getenv("ASSAY_CORPUS");
  std::filesystem::path corpus = named != nullptr ? named : source_dir().parent_path() / "shared/corpus";
  for (auto up = source_dir(); named == nullptr && !std::filesystem::exists(corpus) && up != up.root_path();
       up = up.parent_path())
    corpus = up.parent_path() / "shared/corpus";
  std::ifstream in(corpus / "attack-techniques.tsv");
  if (!in) GTEST_SKIP() << "no attack-techniques.tsv in " << corpus << "; set ASSAY_CORPUS to test the pairs";
  std::map<std::string, std::string> tactics;
  for (std::string line; std::getline(in, line);) {
    auto a = line.find('\t'), b = line.find('\t', a + 1), c = line.find('\t', b + 1);
    if (c != std::string::npos) tactics[line.substr(0, a)] = "," + line.substr(b + 1, c - b - 1) + ",";
  }
  ASSERT_GT(tactics.size(), 100u);
  for (const auto& rule : our_rules().state().rules)
    for (const auto& technique : rule.techniques) {
      // The table is of Linux and containers; a cloud's own sub-technique stands under its parent there.
      std::string id =
          tactics.contains(technique.id) ? technique.id : technique.id.substr(0, technique.id.find('.'));
      EXPECT_NE(tactics[id].find("," + technique.tactic + ","), std::string::npos)
          << rule.source << ": " << technique.id << " does not belong to " << technique.tactic << " but to "
          << tactics[id];
    }
}

}  // namespace
}  // namespace assay::testing
