// Rule files that are wrong, hostile or odd: refused with file, rule and reason, or read as they should be.
// Nothing throws.
#include <gtest/gtest.h>

#include "case_reader.h"
#include "scheduler/score/rule.h"

namespace assay::testing {
namespace {

const std::string kGood =
    "title: T\nlogsource: {category: process_creation}\ndetection: {s: {Image: x}, condition: s}\n";

std::string refusal(const std::string& text) {
  auto rules = RuleSet::compile({{"dir/t.yml", text}});
  return rules ? "accepted" : rules.error().what;
}

std::string replaced(std::string from, std::string to) {
  std::string text = kGood;
  return text.replace(text.find(from), from.size(), to);
}

TEST(RuleFile, RefusalNamesFileRuleAndReason) {
  EXPECT_EQ(refusal(replaced("Image: x", "'Image|fuzzy': x")),
            "dir/t.yml:3: rule 'T': selection 's': 'Image|fuzzy': unknown modifier 'fuzzy'");
  auto names = [](const std::string& text, const std::string& part) {
    std::string what = refusal(text);
    EXPECT_TRUE(what.starts_with("dir/t.yml")) << what;
    EXPECT_NE(what.find(part), std::string::npos) << what;
  };
  names("title: [", "not YAML");
  names("- a\n", "a rule is a map, this is a list");
  names("just text", "a rule is a map, this is a text");
  names(replaced("title: T", "title: ''"), "title is missing");
  names(replaced("title: T", "title: T\nid: 7"), "id '7' is not a UUID");
  names(replaced("title: T", "title: T\nlevel: extreme"), "level 'extreme'");
  names(replaced("title: T", "title: T\ntitle: U"), "stands twice");
  names(replaced("title: T", "title: T\nassay: {weight: 2}"), "weight '2'");
  names(replaced("title: T", "title: T\nassay: {weight: nan}"), "weight 'nan'");
  names(replaced("title: T", "title: T\nassay: {color: red}"), "'color'");
  names(replaced("logsource: {category: process_creation}", "logsource: linux"), "logsource");
  names("title: T\nlogsource: {category: process_creation}\n", "neither detection nor correlation");
  names(replaced("detection: {s: {Image: x}, condition: s}", "detection: [a]"), "detection is not a map");
  names(replaced("condition: s", "condition: {a: b}"), "condition is a map, not a text");
}

TEST(RuleFile, HostileYamlIsAnErrorNotACrash) {
  std::string deep = "title: T\nx: " + std::string(5000, '[') + std::string(5000, ']') + "\n";
  EXPECT_NE(refusal(deep), "accepted");
  EXPECT_NE(refusal("title: T\nx: " + std::string(50, '[') + std::string(50, ']')).find("nested deeper"),
            std::string::npos);
  EXPECT_NE(refusal(std::string(yaml::kMaxTextBytes + 1, ' ')).find("larger than"), std::string::npos);
  std::string laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 9; ++i) {
    std::string before = "*a" + std::to_string(i - 1), list = before;
    for (int j = 0; j < 9; ++j) list += "," + before;
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + list + "]\n";
  }
  EXPECT_NE(refusal(laughs).find("nodes"), std::string::npos);
  EXPECT_NE(refusal("title: T\nx: &x [*x]\n"), "accepted");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "---\n" + kGood;
  EXPECT_NE(refusal(many).find("documents"), std::string::npos);
  for (const char* text : {"", "\0", "\xff\xfe", "---\n---\n", "? [a]\n: b\n", "a: *nowhere\n",
                           "!!binary x: y\n", "%YAML 9.9\n---\na: b", "{", "\t", "a:\tb\n\tc: d", "&a"})
    refusal(text);
  for (size_t cut = 0; cut < kGood.size(); ++cut) refusal(kGood.substr(0, cut));
}

TEST(RuleFile, RandomDamageNeverCrashes) {
  std::string good = read_text(source_dir() / "rules/credential_exfiltration.yml");
  uint32_t state = 1;
  for (int round = 0; round < 500; ++round) {
    std::string bad = good;
    for (int i = 0; i < 4; ++i) {
      state = state * 1664525 + 1013904223;
      bad[(state >> 8) % bad.size()] = static_cast<char>(state >> 24);
    }
    refusal(bad);
  }
}

TEST(RuleFile, UnknownLogsourceLoadsAndNeverFires) {
  auto rules =
      RuleSet::compile({{"a.yml", replaced("category: process_creation", "product: linux, service: sshd")}});
  ASSERT_TRUE(rules);
  EXPECT_FALSE(rules->state().rules[0].logsource);
  EXPECT_FALSE(rules->statuses()[0].evaluated);
  EXPECT_EQ(rules->statuses()[0].reason, "logsource service sshd: nothing here writes that log");
}

TEST(RuleFile, TechniqueTakesTheTacticBeforeIt) {
  auto rules = RuleSet::compile(
      {{"a.yml", kGood + "tags: [attack.persistence, attack.t1053.003, attack.privilege_escalation, "
                         "attack.T1611, cve.2021.1, attack.s0508]\n"}});
  ASSERT_TRUE(rules);
  std::string shown;
  for (const auto& technique : rules->state().rules[0].techniques)
    shown += technique.id + " " + technique.tactic + "\n";
  EXPECT_EQ(shown, "T1053.003 persistence\nT1611 privilege-escalation\n");
}

TEST(RuleSet, VersionFollowsTheTexts) {
  auto version = [](const std::string& text) { return RuleSet::compile({{"a.yml", text}})->version(); };
  EXPECT_EQ(version(kGood), version(kGood));
  EXPECT_NE(version(kGood), version(kGood + "# another\n"));
  EXPECT_EQ(version(kGood).size(), 64u);
}

TEST(RuleSet, LoadSaysWhatIsMissing) {
  auto missing = RuleSet::load("/nonexistent-rules");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().what.find("/nonexistent-rules"), std::string::npos);
  auto empty = RuleSet::load(source_dir() / "tests/golden");
  ASSERT_FALSE(empty);
  EXPECT_NE(empty.error().what.find("no *.yml file"), std::string::npos);
}

TEST(RuleSet, IdsAreUnique) {
  std::string id = "id: 11111111-1111-1111-1111-111111111111\n";
  auto rules = RuleSet::compile({{"a.yml", kGood + id}, {"b.yml", kGood + id}});
  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().what,
            "b.yml:1: rule 'T': its id '11111111-1111-1111-1111-111111111111' is that of a rule in a.yml:1");
}

TEST(Correlation, RefusalNamesWhatIsWrong) {
  auto correlation = [](const std::string& body) {
    return refusal("name: base\n" + kGood + "---\ntitle: C\ncorrelation: {" + body + "}\n");
  };
  auto names = [&](const std::string& body, const std::string& part) {
    EXPECT_NE(correlation(body).find(part), std::string::npos) << correlation(body);
  };
  EXPECT_EQ(correlation("type: event_count, rules: [base], timespan: 1m, condition: {gte: 3}"), "accepted");
  EXPECT_EQ(correlation("type: value_count, rules: base, group-by: [Image], timespan: 1m, condition: {gt: 3, "
                        "field: CommandLine}"),
            "accepted");
  EXPECT_EQ(correlation("type: temporal, rules: [base], timespan: 1h"), "accepted");
  names("type: median, rules: [base], timespan: 1m", "type 'median'");
  names("type: event_count, rules: [other], timespan: 1m, condition: {gte: 3}",
        "'other', which no rule is called");
  names("type: event_count, rules: [C], timespan: 1m, condition: {gte: 3}", "refers to itself");
  names("type: event_count, rules: [base], timespan: soon, condition: {gte: 3}", "timespan 'soon'");
  EXPECT_EQ(correlation("type: event_count, rules: [base], timespan: 1m, condition: {lt: 3}"), "accepted");
  names("type: event_count, rules: [base], timespan: 1m", "needs a condition");
  names("type: event_count, rules: [base], timespan: 1m, condition: {gte: 99999999}", "up to");
}

// Public data, not part of the project; see rule_cases_test.cc.
TEST(RuleSet, PublicLinuxRulesLoadAsTheyAre) {
  std::filesystem::path dir;
  if (const char* named = std::getenv("ASSAY_CORPUS"))
    dir = std::filesystem::path(named) / "sigma/rules/linux";
  for (auto up = source_dir(); dir.empty() && up != up.root_path(); up = up.parent_path())
    if (std::filesystem::exists(up / "shared/corpus/sigma/rules/linux"))
      dir = up / "shared/corpus/sigma/rules/linux";
  if (!std::filesystem::exists(dir))
    GTEST_SKIP() << "no public Sigma rules; set ASSAY_CORPUS to a directory with sigma/rules/linux";
  auto rules = RuleSet::load(dir);
  ASSERT_TRUE(rules) << rules.error().what;
  EXPECT_EQ(rules->size(), 210u);
  size_t evaluated = 0;
  for (const auto& status : rules->statuses()) {
    evaluated += status.evaluated;
    if (!status.evaluated) std::cout << status.source << ": " << status.reason << "\n";
  }
  std::cout << evaluated << " of " << rules->size() << " are evaluated\n";
  EXPECT_GE(evaluated, 171u);
}

}  // namespace
}  // namespace assay::testing
