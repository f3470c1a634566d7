// Traces that an earlier release recorded and that are never changed (tests/traces): they are still read, and
// mean what they meant. Scores and further findings may move with the rules; these may not.
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "case_reader.h"
#include "common/trace_file.h"

namespace assay::testing {
namespace {

struct Old {
  const char* name;
  uint64_t events;
  const char* verdict;
  std::set<std::string> techniques;  // at least these
  std::set<std::string> rules;       // titles, at least these
};

const RuleSet& shipped_rules() {
  static const Result<RuleSet> kRules = RuleSet::load(source_dir() / "rules");
  EXPECT_TRUE(kRules) << kRules.error().what;
  return *kRules;
}

Report scored(const std::string& name) {
  std::optional<Scorer> scorer;
  TraceVisit visit;
  visit.header = [&](const TraceHeader& header) {
    scorer.emplace(shipped_rules(), header);
    return Status();
  };
  visit.chunk = [&](std::string_view, const std::vector<Event>& events) {
    for (const Event& event : events) scorer->add(event);
    return Status();
  };
  auto file = read_trace_file((source_dir() / "tests/traces" / (name + ".trace")).string(), visit);
  EXPECT_TRUE(file) << file.error().what;
  if (!file) return {};
  EXPECT_FALSE(file->sealed) << name << " is not of that release any more";
  EXPECT_EQ(file->footer.events, file->events);
  return scorer->finish(file->footer);
}

class OldTraces : public ::testing::TestWithParam<Old> {};

TEST_P(OldTraces, AreReadAndScoreAsTheyDid) {
  const Old& old = GetParam();
  Report report = scored(old.name);
  EXPECT_EQ(to_string(report.verdict), std::string(old.verdict));
  EXPECT_EQ(report.footer.events, old.events);
  std::set<std::string> techniques, rules;
  for (const Finding& finding : report.findings) {
    rules.insert(finding.rule_id);
    for (const Technique& technique : finding.techniques) techniques.insert(technique.id);
  }
  auto all = [](const std::set<std::string>& have) {
    std::string out;
    for (const auto& one : have) out += "\"" + one + "\", ";
    return out;
  };
  for (const auto& wanted : old.techniques)
    EXPECT_TRUE(techniques.contains(wanted)) << wanted << " of " << all(techniques);
  for (const auto& wanted : old.rules) EXPECT_TRUE(rules.contains(wanted)) << wanted << " of " << all(rules);
}

INSTANTIATE_TEST_SUITE_P(Files, OldTraces,
                         ::testing::Values(
                             // PINNED
                             Old{"miner", 2360, "malicious", {}, {}}),
                         [](const auto& made) { return std::string(made.param.name); });

}  // namespace
}  // namespace assay::testing
