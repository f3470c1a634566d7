// 20 policies by 10 reports: what each pair comes to stands in tests/policies/table.txt. Real scans,
// evaluated anew; two of the columns are such a scan with one thing changed.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "common/fd.h"
#include "common/words.h"
#include "decisions/decide.h"
#include "scheduler/evaluate.h"
#include "scheduler/score/rules.h"
#include "scheduler/score/score.h"

namespace assay::decisions {
namespace {

const std::filesystem::path kTests = std::filesystem::path(ASSAY_SOURCE_DIR) / "tests";
constexpr int64_t kNow = 1'796'040'000;  // 2026-11-30T12:00:00Z, ten hours after the scans of tests/traces

std::string text_of(const std::filesystem::path& path) {
  auto text = read_file(path.string(), 1 << 22);
  EXPECT_TRUE(text) << text.error().what;
  return text ? *text : "";
}

Report golden(const std::string& name) {
  auto report = parse_report(text_of(kTests / "golden" / name));
  EXPECT_TRUE(report) << report.error().what;
  return report ? *report : Report();
}

// nginx, had its trace not been whole.
Report lossy(Report report) {
  report.completeness.complete = false;
  report.completeness.reasons = {"source seccheck lost 3 of 36 events"};
  report.verdict = verdict_of(report.score, report.completeness, report.shortfall);
  return report;
}

Report changed(Report report) {
  Comparison previous;
  previous.relation = "previous";
  previous.digest = "sha256:" + std::string(64, '1');
  previous.added = {{"domain", "new.example", "/usr/sbin/nginx", ""}, {"listener", "tcp/4444", "", ""}};
  report.compared = {previous};
  return report;
}

std::map<std::string, Report> reports() {
  std::map<std::string, Report> out;
  auto rules = RuleSet::load(kTests.parent_path() / "rules");
  EXPECT_TRUE(rules) << rules.error().what;
  if (!rules) return out;
  for (const char* name : {"nginx", "miner", "dropper", "escape", "thief"}) {
    auto report = evaluate_file((kTests / "traces" / (std::string(name) + ".trace")).string(), *rules);
    EXPECT_TRUE(report) << report.error().what;
    if (report) out[name] = *report;
  }
  out["chamber"] = golden("chamber.json");
  out["shell"] = golden("reverse-shell.json");
  out["lossy"] = lossy(out["nginx"]);
  out["changed"] = changed(out["nginx"]);
  return out;
}

struct Row {
  std::string policy;
  std::vector<std::string> cells;
};

// The first row has the names of the reports.
std::vector<Row> table() {
  std::vector<Row> out;
  std::istringstream lines(text_of(kTests / "policies/table.txt"));
  for (std::string line; std::getline(lines, line);) {
    auto words = words_of(line);
    if (words.empty() || line[0] == '#') continue;
    out.push_back({std::string(words[0]), {words.begin() + 1, words.end()}});
  }
  return out;
}

// In the words of the table.
std::string cell(const Decision& decision) {
  int code = exit_code({&decision, 1});
  EXPECT_EQ(code != 0, decision.outcome == Outcome::fail);
  if (code == 11) return "little";
  return code == 10 ? "fail" : to_string(decision.outcome);
}

TEST(PolicyTable, EveryPolicyDecidesOnEveryReportAsTheTableSays) {
  auto rows = table();
  auto known = reports();
  ASSERT_EQ(rows.size(), 21u);
  const std::vector<std::string>& columns = rows[0].cells;
  ASSERT_EQ(columns.size(), 10u);
  size_t cells = 0;
  for (const Row& row : rows) {
    if (&row == &rows[0]) continue;
    auto policy = read_policy((kTests / "policies" / (row.policy + ".yml")).string());
    ASSERT_TRUE(policy) << policy.error().what;
    ASSERT_EQ(row.cells.size(), columns.size()) << row.policy;
    for (size_t i = 0; i < columns.size(); ++i, ++cells) {
      bool none = columns[i] == "none";
      ASSERT_TRUE(none || known.contains(columns[i])) << columns[i];
      Decision decision =
          none ? decide_unscanned(*policy, "registry.example/app:1", "it was not scanned", kNow)
               : decide(*policy, known[columns[i]], kNow);
      std::string why;
      for (const Reason& reason : decision.reasons) why += "\n  " + reason.text;
      EXPECT_EQ(cell(decision), row.cells[i]) << row.policy << " on " << columns[i] << why;
    }
  }
  EXPECT_EQ(cells, 200u);
}

TEST(PolicyTable, HasEveryPolicyThatLiesBesideIt) {
  std::map<std::string, bool> listed;
  for (const Row& row : table()) listed[row.policy] = true;
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kTests / "policies"))
    if (entry.path().extension() == ".yml") {
      ++files;
      EXPECT_TRUE(listed.contains(entry.path().stem().string())) << entry.path();
    }
  EXPECT_EQ(files, 20u);
}

}  // namespace
}  // namespace assay::decisions
