// The table of techniques: sorted, whole, and found under ids of other versions.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "case_reader.h"
#include "scheduler/score/attack_table.h"

namespace assay::testing {
namespace {

TEST(Attack, TableIsSortedAndItsTacticsExist) {
  auto table = attack_table();
  EXPECT_TRUE(std::is_sorted(table.begin(), table.end(),
                             [](const AttackTechnique& a, const AttackTechnique& b) { return a.id < b.id; }));
  for (const auto& technique : table) {
    EXPECT_FALSE(technique.name.empty()) << technique.id;
    std::istringstream tactics{std::string(technique.tactics)};
    size_t count = 0;
    for (std::string tactic; std::getline(tactics, tactic, ','); ++count) {
      EXPECT_TRUE(is_tactic(tactic)) << technique.id << " " << tactic;
      EXPECT_TRUE(belongs_to(technique, tactic)) << technique.id << " " << tactic;
    }
    EXPECT_GT(count, 0u) << technique.id;
    EXPECT_EQ(find_technique(technique.id), &technique) << technique.id;
  }
}

TEST(Attack, IdsOfOtherVersionsLeadToOurs) {
  for (auto [from, to] : {std::pair{"T1685", "T1562.001"},
                          {"T1685.004", "T1562.012"},
                          {"T1685.006", "T1070.002"},
                          {"T1686", "T1562.004"},
                          {"T1690", "T1562.003"},
                          {"T1107", "T1070.004"},
                          {"T1059.004", "T1059.004"}}) {
    EXPECT_EQ(canonical_technique(from), to);
    ASSERT_NE(find_technique(from), nullptr) << from;
    EXPECT_EQ(find_technique(from)->id, to);
  }
  EXPECT_EQ(technique_name("T1686"), "Disable or Modify System Firewall");
  EXPECT_EQ(find_technique("T9999"), nullptr);
  EXPECT_EQ(technique_name(""), "");
}

TEST(Attack, TacticsOfOtherVersionsLeadToOurs) {
  EXPECT_TRUE(is_tactic("stealth"));
  EXPECT_TRUE(is_tactic("defense-impairment"));
  EXPECT_FALSE(is_tactic("defence"));
  EXPECT_TRUE(belongs_to(*find_technique("T1686"), "defense-impairment"));
  EXPECT_TRUE(belongs_to(*find_technique("T1027"), "stealth"));
  EXPECT_FALSE(belongs_to(*find_technique("T1027"), "persistence"));
  EXPECT_FALSE(belongs_to(*find_technique("T1053.003"), "privilege"));
}

// A typing error in a table of aliases would be a technique without a name.
TEST(Attack, EveryRenamedIdIsInTheTable) {
  std::string text = read_text(source_dir() / "scheduler/score/attack.cc");
  text = text.substr(text.find("kRenamed[]"), text.find("};") - text.find("kRenamed[]"));
  size_t seen = 0;
  for (size_t at = text.find("{\"T"); at != std::string::npos; at = text.find("{\"T", at + 1), ++seen) {
    std::string id = text.substr(at + 2, text.find('"', at + 2) - at - 2);
    EXPECT_NE(canonical_technique(id), id) << "not sorted: " << id;
    EXPECT_NE(find_technique(id), nullptr) << id;
  }
  EXPECT_GT(seen, 40u);
}

}  // namespace
}  // namespace assay::testing
