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
  std::set<std::string> rules;       // ids, at least these
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
  if (old.rules.empty()) {
    EXPECT_TRUE(report.findings.empty()) << all(rules);
  }
  for (const auto& wanted : old.techniques)
    EXPECT_TRUE(techniques.contains(wanted)) << wanted << " of " << all(techniques);
  for (const auto& wanted : old.rules) EXPECT_TRUE(rules.contains(wanted)) << wanted << " of " << all(rules);
}

INSTANTIATE_TEST_SUITE_P(
    Files, OldTraces,
    ::testing::Values(Old{"dropper",
                          3710,
                          "malicious",
                          {"T1027.009", "T1059.004", "T1095", "T1105", "T1140", "T1204.002", "T1204.003",
                           "T1222.002", "T1552.001", "T1564.001"},
                          {"142777a8-5354-4bff-bb58-a1ede12addc7", "37177ff2-0fe0-55da-adbc-a1aa94bf0eeb",
                           "48e1cb97-42b7-50fa-b8c7-0b40b204484b", "49a4601e-c577-55b0-aec3-4f75d284af71",
                           "4d0c9d5e-6f38-4e0a-9a57-0c1c3f5b7f62", "612d7eaa-3640-4028-9eb8-2702a02be0b2",
                           "85a24764-0ca2-40b1-a215-3541f934ba38", "9fc42cae-1c8f-48a7-b695-5868bef3a323",
                           "b9c96994-d2e6-588e-938a-729454d36704", "c69b93a8-3367-5024-9de2-57efb25d11e9",
                           "cc43c6d8-3ef6-5e40-bb52-14636adea6c0", "e1e2eb5a-036f-4f88-8cd3-948091d548ad",
                           "f70acc67-44bf-57bc-ab3e-e8d6b26e3438"}},
                      Old{"escape",
                          3836,
                          "malicious",
                          {"T1003.007", "T1014", "T1055.008", "T1547.006", "T1611", "T1613"},
                          {"1f84fb7f-b0d4-54c8-83ca-f1e1f92cda2d", "27693f3d-5e4f-5af2-a492-0367b474b36c",
                           "31b9ab5b-1d16-54ab-8ea5-e3de2879a0c7", "392ecd59-74d7-5c1c-890e-2de693e0f43c",
                           "3f210fa7-4906-543d-8cd9-2d5c1457efb4", "5723b76f-2fec-5616-b0a3-e5d13d8f2f30",
                           "6458e5b1-dab1-53a2-b0e4-76d0ec36f2e5", "802a376e-5f3d-59f7-b837-258743dcec60",
                           "81d83a89-426e-5d0f-988d-2deaa0b41ced", "9713c2d9-7a70-4deb-b725-d75e0703d4c9",
                           "980a2076-a293-5f1b-86de-e375568e09d9", "aedf9836-5c73-5723-b422-23330f2f3b44",
                           "b454fb63-a85a-57f0-b4b6-5403643579d1", "d76cbd82-a3d8-5679-a184-817b9fd4b266",
                           "e571597b-3b91-5627-97bf-3a71f9ce3e55"}},
                      Old{"miner",
                          2360,
                          "malicious",
                          {"T1496.001"},
                          {"21be4c1d-4347-49b8-87c5-98ffbd8f8b39", "2cd3552f-0f27-5b0c-a5fa-3a22bbe39564",
                           "aff73362-7850-58ac-9dda-66a91753d4de", "c81a4f93-4f16-5209-a6db-c6cf88b69f76",
                           "d4ae9ae9-f3ec-595f-a738-ee0b1a43fa47"}},
                      Old{"nginx", 3895, "clean", {}, {}},
                      Old{"thief",
                          6236,
                          "malicious",
                          {"T1005", "T1041", "T1048", "T1048.003", "T1053.007", "T1071.004", "T1074.001",
                           "T1095", "T1105", "T1222.002", "T1496.001", "T1552.001", "T1552.004", "T1552.005",
                           "T1552.007", "T1567.001", "T1610", "T1611", "T1613"},
                          {"09e0459c-813b-4468-99ec-2ddae171c95e", "27693f3d-5e4f-5af2-a492-0367b474b36c",
                           "2c8f7e64-5a39-5d0b-9c0e-3f5f0a6f6d11", "2ca2d915-247f-59c2-aebf-bae53638e43f",
                           "3c6abf49-75a8-5800-96b6-081037356206", "3c951c44-bdbe-5f97-98a6-f146f2531c92",
                           "48d89670-dd0d-4fa8-ae32-bcf4f7907bb9", "48e1cb97-42b7-50fa-b8c7-0b40b204484b",
                           "49a4601e-c577-55b0-aec3-4f75d284af71", "55f7c1e7-e00c-5f40-9613-9c152978f484",
                           "717f6334-0476-5202-af40-c3f4587e4b92", "757e53e8-fe1e-5944-8e2a-6d2f92bc80c3",
                           "75de6ebc-b124-4087-9758-448e20e9d55f", "7f8d32eb-bfed-5472-ab79-8f407aa897c5",
                           "81d83a89-426e-5d0f-988d-2deaa0b41ced", "84d4cd79-12f4-5452-944d-3a395dee1ce3",
                           "88d17174-2f3a-5a60-81f2-e466e8ec441c", "8f406021-6a79-5c12-a424-ec85f10cec99",
                           "9fc42cae-1c8f-48a7-b695-5868bef3a323", "aeb60b81-ccd0-5508-b1f6-da945a079283",
                           "af9d2a43-b825-5ac9-8c54-302c91e51fff", "aff73362-7850-58ac-9dda-66a91753d4de",
                           "b44e79d3-4844-5a4e-86ef-9b7ec86917b0", "c5aef749-f691-4eef-977d-f40c3475ec2f",
                           "d76cbd82-a3d8-5679-a184-817b9fd4b266", "dfac2317-9835-5eca-bfa4-9319940cc8fc",
                           "e586001b-98a4-4618-8d2a-88981867c2dc"}}),
    [](const auto& made) { return std::string(made.param.name); });

}  // namespace
}  // namespace assay::testing
