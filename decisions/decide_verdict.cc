// Verdict and score against the policy: as they are, and as they would be without the findings that somebody
// answers for. A waived finding neither fails an image by its own name nor by what it adds to the score.
#include "common/text.h"
#include "decisions/decide_parts.h"
#include "scheduler/score/score.h"

namespace assay::decisions {
namespace {

struct Standing {
  Verdict verdict = Verdict::inconclusive;
  int score = 0;
  const Waiver* waiver = nullptr;  // the first that changes it
};

Standing without_waived(const Case& at) {
  Standing out{at.report.verdict, at.report.score, nullptr};
  std::vector<Finding> left;
  for (const Finding& finding : at.report.findings) {
    const Waiver* waiver = at.waivers.of_finding(finding);
    if (waiver == nullptr) left.push_back(finding);
    if (out.waiver == nullptr) out.waiver = waiver;
  }
  if (out.waiver == nullptr) return out;
  out.score = score_findings(left);
  out.verdict = verdict_of(out.score, at.report.completeness, at.report.shortfall);
  return out;
}

bool reaches(Verdict verdict, const std::optional<Verdict>& bound) {
  if (!bound || verdict == Verdict::clean || verdict == Verdict::inconclusive) return false;
  return verdict == Verdict::malicious || *bound == Verdict::suspicious;
}

Outcome outcome_of_verdict(const Policy& policy, Verdict verdict) {
  if (verdict == Verdict::inconclusive) return policy.inconclusive;
  if (reaches(verdict, policy.fail_verdict)) return Outcome::fail;
  return reaches(verdict, policy.warn_verdict) ? Outcome::warn : Outcome::pass;
}

Outcome outcome_of_score(const Policy& policy, int score) {
  if (policy.fail_score && score >= *policy.fail_score) return Outcome::fail;
  return policy.warn_score && score >= *policy.warn_score ? Outcome::warn : Outcome::pass;
}

std::string why_inconclusive(const Report& report) {
  if (!report.completeness.complete)
    return report.completeness.reasons.empty() ? "the trace is incomplete" : report.completeness.reasons[0];
  return report.shortfall.empty() ? "too little was seen" : report.shortfall;
}

Reason verdict_reason(const Case& at, const Standing& standing, bool without) {
  Reason out;
  out.outcome = outcome_of_verdict(at.policy, standing.verdict);
  out.check = "verdict";
  out.subject = to_string(standing.verdict);
  Sentence text;
  text.say(without ? "Without what is waived the verdict is " : "The verdict is ").say(out.subject);
  if (standing.verdict == Verdict::inconclusive) {
    text.say(": ").quote(why_inconclusive(at.report)).say(".");
  } else {
    const auto& bound = out.outcome == Outcome::fail ? at.policy.fail_verdict : at.policy.warn_verdict;
    text.say(", with a score of " + std::to_string(standing.score) + " of 100");
    if (bound) text.say(bound == Verdict::malicious ? "; malicious" : "; suspicious or worse");
    text.say(out.outcome == Outcome::fail ? " fails." : " is warned of.");
  }
  std::move(text).into(out);
  return out;
}

Reason score_reason(const Case& at, const Standing& standing, bool without) {
  Reason out;
  out.outcome = outcome_of_score(at.policy, standing.score);
  out.check = "score";
  out.subject = std::to_string(standing.score);
  int bound = (out.outcome == Outcome::fail ? at.policy.fail_score : at.policy.warn_score).value_or(0);
  std::move(Sentence().say((without ? "Without what is waived the score is " : "The score is ") +
                           out.subject + " of 100; " + std::to_string(bound) + " or more " +
                           (out.outcome == Outcome::fail ? "fails." : "is warned of.")))
      .into(out);
  return out;
}

// What counts, and what would have been worse without a waiver.
void add(Reason whole, Reason standing, const Waiver* waiver, std::vector<Reason>& to) {
  if (waiver != nullptr && whole.outcome > standing.outcome) {
    whole.waived = *waiver;
    to.push_back(std::move(whole));
  }
  to.push_back(std::move(standing));
}

}  // namespace

void ask_verdict(const Case& at, std::vector<Reason>& to) {
  Standing whole{at.report.verdict, at.report.score, nullptr}, standing = without_waived(at);
  bool without = standing.waiver != nullptr;
  add(verdict_reason(at, whole, false), verdict_reason(at, standing, without), standing.waiver, to);
  add(score_reason(at, whole, false), score_reason(at, standing, without), standing.waiver, to);
}

}  // namespace assay::decisions
