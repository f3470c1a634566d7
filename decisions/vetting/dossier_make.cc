// Each image by itself: report, decision and declaration together say where it stands, and why in one line.
#include "decisions/vetting/dossier_make.h"

#include <algorithm>
#include <cassert>

#include "common/text.h"
#include "scheduler/score/report_words.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

constexpr size_t kMaxHeadline = 200;  // columns
constexpr size_t kMaxFindings = 40, kMaxPlan = 60;

template <class List>
uint64_t cut_to(List& list, size_t most) {
  if (list.size() <= most) return 0;
  uint64_t left_out = list.size() - most;
  list.resize(most);
  return left_out;
}

Ruling ruling_of(const Decision& decision) {
  Ruling out;
  out.outcome = decision.outcome;
  for (const Reason& reason : decision.reasons) {
    Ground ground{
        reason.outcome, reason.check, reason.subject, reason.text, reason.rule_id, reason.layer, ""};
    if (reason.waived) ground.waived = waiver_text(*reason.waived, false);
    out.reasons.push_back(std::move(ground));
  }
  return out;
}

RunProfile profile_of(const Job& job) {
  RunProfile out;
  out.duration_ms = job.duration.count();
  out.extension_ms = job.extension.count();
  out.network = to_string(job.network);
  out.persona = to_string(job.persona);
  out.platform = job.platform;
  out.provoke = job.provoke;
  return out;
}

// The end of a list's first entry: "; and 2 more".
std::string and_more(uint64_t more) { return more == 0 ? "" : "; and " + layout::count_text(more) + " more"; }

std::string deviation_line(const VettedImage& image) {
  if (image.deviations.empty()) return "";
  const Deviation& first = image.deviations.front();
  std::string line = first.text + (first.by.empty() ? "" : " (by " + first.by + ")");
  return line + and_more(image.deviations.size() - 1 + image.deviations_left_out);
}

// What counts of the policy's reasons, the gravest first.
std::string ground_line(const VettedImage& image, Outcome from) {
  std::string first;
  uint64_t more = 0;
  for (const Ground& ground : image.decision.reasons) {
    if (!ground.waived.empty() || ground.outcome < from) continue;
    if (first.empty())
      first = ground.text;
    else
      ++more;
  }
  return first.empty() ? "" : first + and_more(more);
}

std::string accepted_line(const VettedImage& image) {
  if (image.decision.outcome == Outcome::warn) return "With a warning: " + ground_line(image, Outcome::warn);
  bool waived = std::any_of(image.decision.reasons.begin(), image.decision.reasons.end(),
                            [](const Ground& ground) { return !ground.waived.empty(); });
  std::string does = image.declared ? "Does nothing that is not declared."
                                    : "Nothing against it; the vendor declares nothing of it.";
  return waived ? does + " Something is waived." : does;
}

Standing standing_of(const VettedImage& image, const Decision& decision) {
  if (!image.trouble.empty()) return Standing::failed;
  if (image.verdict == to_string(Verdict::malicious)) return Standing::malicious;
  if (!image.deviations.empty()) return Standing::deviates;
  if (decision.outcome != Outcome::fail) return Standing::accepted;
  constexpr int kTooLittleKnown = 11;
  return exit_code(std::span(&decision, 1)) == kTooLittleKnown ? Standing::inconclusive : Standing::refused;
}

std::string headline_of(const VettedImage& image) {
  switch (image.standing) {
    case Standing::malicious:
      return image.reason;
    case Standing::deviates:
      return deviation_line(image);
    case Standing::refused:
      return ground_line(image, Outcome::fail);
    case Standing::inconclusive:
      return image.reason;
    case Standing::failed:
      return image.trouble;
    case Standing::accepted:
      return accepted_line(image);
  }
  return "";
}

void take_report(VettedImage& image, const Report& report) {
  image.scan_id = report.header.scan_id;
  image.digest = report.header.image.digest;
  image.layers = report.header.image.layers;
  image.verdict = to_string(report.verdict);
  image.score = report.score;
  image.reason = reason(report);
  image.ending = ending(report);
  image.profile = profile_of(report.header.job);
  image.coverage = report.footer.coverage;
  image.plan = report.plan;
  image.plan_left_out = report.plan_left_out + cut_to(image.plan, kMaxPlan);
  image.complete = report.completeness.complete;
  image.lost = report.completeness.lost;
  image.not_seen = report.completeness.reasons;
  image.shortfall = report.shortfall;
  image.findings = report.findings;
  image.findings_left_out = cut_to(image.findings, kMaxFindings);
}

void take_behaviour(VettedImage& image, const VetImage& asked, const Report& report) {
  Behaviour behaviour = behaviour_of(report);
  image.steps.assign(behaviour.steps.begin(), behaviour.steps.end());
  for (FactKind kind : behaviour.cut) image.cut.push_back(to_string(kind));
  if (asked.declaration) {
    DeclarationCheck check = check_declaration(*asked.declaration, behaviour, report);
    image.declared = true;
    image.deviations = std::move(check.deviations);
    image.unseen = std::move(check.unseen);
    image.unchecked = std::move(check.unchecked);
    image.deviations_left_out = check.left_out;
  }
  image.facts = std::move(behaviour.facts);
}

VettedImage vet(const VetImage& asked, const Policy& policy, const ScanOutcome& outcome, int64_t now_s) {
  VettedImage image;
  image.name = printable(asked.name);
  image.purpose = printable(asked.purpose);
  image.ref = printable(asked.job.ref);
  image.profile = profile_of(asked.job);
  image.scan_id = outcome.scan_id;
  Decision decision;
  if (outcome.report) {
    take_report(image, *outcome.report);
    take_behaviour(image, asked, *outcome.report);
    decision = decide(policy, *outcome.report, now_s);
  } else {
    image.declared = asked.declaration.has_value();
    image.trouble = still_printable(outcome.trouble.empty() ? "there is no result" : outcome.trouble, 1000);
    decision = decide_unscanned(policy, asked.job.ref, image.trouble, now_s);
  }
  image.decision = ruling_of(decision);
  image.standing = standing_of(image, decision);
  image.headline = layout::fit(headline_of(image), kMaxHeadline);
  return image;
}

}  // namespace

Policy default_policy() {
  Policy policy;
  policy.name = "assay-default";
  policy.fail_verdict = Verdict::suspicious;
  return policy;
}

Dossier make_dossier(const VetManifest& manifest, const Policies& policies,
                     std::span<const ScanOutcome> outcomes, int64_t now_s) {
  assert(outcomes.size() == manifest.images.size());
  Dossier out;
  out.vendor = printable(manifest.vendor);
  out.contact = printable(manifest.contact);
  out.created_s = now_s;
  out.manifest = printable(manifest.source);
  out.manifest_sha256 = manifest.sha256;
  const Policy& common = policies.at(manifest.policy);
  out.policy = printable(common.name);
  out.policy_sha256 = common.sha256;
  for (size_t i = 0; i < manifest.images.size(); ++i) {
    const VetImage& asked = manifest.images[i];
    const Policy& policy = asked.policy.empty() ? common : policies.at(asked.policy);
    out.images.push_back(vet(asked, policy, outcomes[i], now_s));
    if (&policy != &common) out.images.back().own_policy = printable(policy.name);
    const auto& report = outcomes[i].report;
    if (!report || !out.tracer_version.empty()) continue;
    out.tracer_version = report->header.tracer_version;
    out.rules_version = report->rules_version;
  }
  return out;
}

}  // namespace assay::decisions
