// The score: what each finding adds, and which verdict comes of it.
#include "scheduler/score/score.h"

#include <gtest/gtest.h>

#include "scheduler/score/completeness.h"

namespace assay {
namespace {

Finding finding(const std::string& id, double weight, const std::string& technique) {
  Finding f;
  f.rule_id = id;
  f.weight = weight;
  f.techniques = {{technique, "impact"}};
  return f;
}

// "id points/counted ...", in the order of the report.
std::string shown(const std::vector<Finding>& findings) {
  std::string out;
  for (const auto& f : findings) {
    if (!out.empty()) out += ", ";
    out += f.rule_id + " " + std::to_string(f.points) + "/" +
           std::to_string(static_cast<int>(f.counted * 1000 + 0.5));
  }
  return out;
}

std::vector<std::string> reasons_after(int64_t starved_s, int64_t made_up_s) {
  CompletenessBook book;
  Event start;
  start.kind = EventKind::start;
  book.add(start);
  TraceFooter footer;
  footer.events = 1;
  footer.sources.push_back({Source::seccheck, 1, 0, "", true, true});
  footer.starved_ns = starved_s * 1'000'000'000;
  footer.made_up_ns = made_up_s * 1'000'000'000;
  return book.judge(footer, 10'000'000'000, 0).reasons;
}

TEST(Completeness, LacksWhatABusyHostTookAndDidNotGiveBack) {
  EXPECT_EQ(reasons_after(4, 4), std::vector<std::string>{});
  EXPECT_EQ(reasons_after(15, 10), std::vector<std::string>{});
  EXPECT_EQ(reasons_after(16, 10),
            std::vector<std::string>{
                "the host was too busy to run it: of 16 s that it waited, 10 s were made up for"});
}

TEST(Score, IsANoisyOrWhosePointsAddUp) {
  std::vector<Finding> findings = {finding("b", 0.5, "T1"), finding("a", 0.5, "T2"), finding("c", 0.9, "T3")};
  EXPECT_EQ(score_findings(findings), 98);  // 1 - 0.1 * 0.5 * 0.5, rounded
  EXPECT_EQ(shown(findings), "c 90/900, a 5/500, b 3/500");
  EXPECT_EQ(findings[0].contribution, 98 - 75);
  findings = {};
  EXPECT_EQ(score_findings(findings), 0);
}

TEST(Score, ATechniqueAgainCountsHalfForEachTimeItWasShown) {
  std::vector<Finding> findings = {finding("a", 0.5, "T1"), finding("b", 0.5, "T1"), finding("c", 0.5, "T1")};
  EXPECT_EQ(score_findings(findings), 67);  // 1 - 0.5 * 0.75 * 0.875
  EXPECT_EQ(shown(findings), "a 50/500, b 13/250, c 4/125");
}

TEST(Score, AProofCountsWholeWhateverElseShowedItsTechnique) {
  std::vector<Finding> findings = {finding("a", 0.6, "T1"), finding("b", 0.5, "T1")};
  findings[1].proof = true;
  EXPECT_EQ(score_findings(findings), 80);
  EXPECT_EQ(shown(findings), "a 60/600, b 20/500");
}

TEST(Score, WeakSignsTogetherCountNoMoreThanOne) {
  std::vector<Finding> findings;
  for (int i = 0; i < 40; ++i)
    findings.push_back(finding(std::to_string(100 + i), 0.1, "T" + std::to_string(i)));
  EXPECT_EQ(score_findings(findings), 15);
  int points = 0;
  for (const auto& f : findings) points += f.points;
  EXPECT_EQ(points, 15);
  findings.push_back(finding("strong", 0.5, "T100"));
  EXPECT_EQ(score_findings(findings), 58);  // 1 - 0.5 * 0.85
}

TEST(Score, VerdictsHaveTheirBands) {
  Completeness whole;
  EXPECT_EQ(verdict_of(70, whole, ""), Verdict::malicious);
  EXPECT_EQ(verdict_of(69, whole, ""), Verdict::suspicious);
  EXPECT_EQ(verdict_of(30, whole, ""), Verdict::suspicious);
  EXPECT_EQ(verdict_of(29, whole, ""), Verdict::clean);
  EXPECT_EQ(verdict_of(29, whole, "it hardly ran"), Verdict::inconclusive);
  EXPECT_EQ(verdict_of(70, whole, "it hardly ran"), Verdict::malicious);
  Completeness torn;
  torn.complete = false;
  EXPECT_EQ(verdict_of(0, torn, ""), Verdict::inconclusive);
  EXPECT_EQ(verdict_of(30, torn, ""), Verdict::suspicious);
}

Report failed_at_once() {
  Report report;
  report.footer.reason = EndReason::exited;
  report.footer.exit_status = 1;
  return report;
}

TEST(Coverage, OfAProgramThatFailedWithNothingElseDoneIsTooLittle) {
  EXPECT_EQ(coverage_shortfall(failed_at_once()),
            "its program ended by itself with status 1, and nothing else of the image could be made to do "
            "anything");
}

TEST(Coverage, SufficesWhereAnythingWasDone) {
  Report ended_well = failed_at_once();
  ended_well.footer.exit_status = 0;
  Report stopped = failed_at_once();
  stopped.footer.reason = EndReason::deadline;
  Report listened = failed_at_once();
  listened.listening = {"tcp/80"};
  Report talked = failed_at_once();
  talked.network.push_back({});
  Report provoked = failed_at_once();
  provoked.plan.push_back({"entrypoint", "/usr/bin/tool", "exited", 0, 12, 5});
  for (const auto& report : {ended_well, stopped, listened, talked, provoked})
    EXPECT_EQ(coverage_shortfall(report), "");
  Report port_tried = failed_at_once();
  port_tried.plan.push_back({"port", "tcp/80", "no answer", 0, 0, 5});
  port_tried.plan.push_back({"cron", "/etc/cron.daily/x", "exited", 1, 13, 5});
  EXPECT_NE(coverage_shortfall(port_tried), "");
}

}  // namespace
}  // namespace assay
