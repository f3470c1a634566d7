// Noisy-or in whole numbers, and the verdict.
#include "scheduler/score/score.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "scheduler/score/completeness.h"

namespace assay {
namespace {

// Millionths would round away what many small weights leave.
constexpr uint64_t kOne = 1'000'000'000'000;
constexpr int kMostHalvings = 30;

uint64_t millionths(double weight) {
  return static_cast<uint64_t>(std::llround(std::clamp(weight, 0.0, 1.0) * static_cast<double>(kCertain)));
}

uint64_t times(uint64_t left, uint64_t weight) {
  return (left / kCertain) * (kCertain - weight) + (left % kCertain) * (kCertain - weight) / kCertain;
}

int percent_of(uint64_t left) { return static_cast<int>(((kOne - left) * 100 + kOne / 2) / kOne); }

// What is left of the belief that the image is harmless, finding by finding.
class Belief {
 public:
  /// Takes in one finding; says how much of its weight counted.
  uint64_t add(const Finding& finding) {
    uint64_t weight = millionths(finding.weight);
    int repeats = 0;
    for (const auto& technique : finding.techniques) repeats = std::max(repeats, shown_[technique.id]);
    for (const auto& technique : finding.techniques) ++shown_[technique.id];
    if (!finding.proof) weight >>= std::min(repeats, kMostHalvings);
    if (millionths(finding.weight) >= kWeakWeight)
      strong_ = times(strong_, weight);
    else
      weak_ = times(weak_, weight);
    return weight;
  }
  int percent() const {
    uint64_t weak = std::max(weak_, kOne / kCertain * (kCertain - kWeakWeight));
    return percent_of(strong_ / kCertain * (weak / kCertain));
  }

 private:
  uint64_t strong_ = kOne, weak_ = kOne;
  std::map<std::string, int> shown_;  // by technique: how many heavier findings showed it
};

int score_without(const std::vector<Finding>& findings, size_t left_out) {
  Belief belief;
  for (size_t i = 0; i < findings.size(); ++i)
    if (i != left_out) belief.add(findings[i]);
  return belief.percent();
}

// What shows that the image did something of its own, though its first program failed.
bool did_something(const Report& r) {
  auto answered = [](const PortProbe& port) { return port.answered; };
  auto succeeded = [](const PlanStep& step) { return step.pid > 0 && step.exit_status == 0; };
  return !r.listening.empty() || !r.network.empty() ||
         std::any_of(r.ports.begin(), r.ports.end(), answered) ||
         std::any_of(r.plan.begin(), r.plan.end(), succeeded);
}

}  // namespace

int score_findings(std::vector<Finding>& findings) {
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return a.weight != b.weight ? a.weight > b.weight : a.rule_id < b.rule_id;
  });
  Belief belief;
  int score = 0;
  for (auto& finding : findings) {
    finding.counted = static_cast<double>(belief.add(finding)) / static_cast<double>(kCertain);
    finding.points = belief.percent() - score;
    score += finding.points;
  }
  for (size_t i = 0; i < findings.size(); ++i) findings[i].contribution = score - score_without(findings, i);
  return score;
}

std::string coverage_shortfall(const Report& r) {
  const auto& footer = r.footer;
  if (footer.reason != EndReason::exited || footer.exit_status == 0 || did_something(r)) return "";
  return "its program ended by itself with status " + std::to_string(footer.exit_status) +
         ", and nothing else of the image could be made to do anything";
}

Verdict verdict_of(int score, const Completeness& completeness, const std::string& shortfall) {
  if (score >= kMaliciousScore) return Verdict::malicious;
  if (score >= kSuspiciousScore) return Verdict::suspicious;
  return completeness.complete && shortfall.empty() ? Verdict::clean : Verdict::inconclusive;
}

}  // namespace assay
