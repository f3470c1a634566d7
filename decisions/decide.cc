// A decision put together: what each part of the policy says, what is waived of it, in order, and bounded.
#include "decisions/decide.h"

#include <algorithm>
#include <array>
#include <map>

#include "common/text.h"
#include "decisions/decide_parts.h"
#include "scheduler/export/scan_times.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

// Of one check and outcome; what is beyond them is counted, and counts.
constexpr size_t kMaxReasons = 50;
constexpr size_t kMaxShown = 512;

constexpr std::array<std::string_view, 15> kChecks = {
    "verdict", "score",  "category",   "technique", "level", "rule",         "domain",   "listener",
    "user",    "change", "comparison", "coverage",  "age",   "completeness", "unscanned"};

// Of these checks says only how much is known of the image.
bool says_too_little(const Reason& reason) {
  for (std::string_view check : {"comparison", "coverage", "age", "completeness", "unscanned"})
    if (reason.check == check) return true;
  return reason.check == "verdict" && reason.subject == to_string(Verdict::inconclusive);
}

int rank(const Reason& reason) {
  if (reason.waived) return 2;
  return reason.outcome == Outcome::fail ? 0 : 1;
}

std::vector<Reason> bounded(std::vector<Reason> reasons) {
  std::vector<Reason> out;
  std::map<std::pair<std::string, int>, size_t> counts;
  for (Reason& reason : reasons)
    if (counts[{reason.check, rank(reason)}]++ < kMaxReasons) out.push_back(std::move(reason));
  for (const auto& [key, count] : counts) {
    if (count <= kMaxReasons || key.second == 2) continue;
    Reason more;
    more.outcome = key.second == 0 ? Outcome::fail : Outcome::warn;
    more.check = key.first;
    std::move(Sentence().say(layout::count_text(count - kMaxReasons) + " more of the check " + key.first +
                             " are not told one by one."))
        .into(more);
    out.push_back(std::move(more));
  }
  return out;
}

void settle(const Waivers& waivers, std::vector<Reason> reasons, Decision& decision) {
  std::erase_if(reasons, [](const Reason& reason) { return reason.outcome == Outcome::pass; });
  for (Reason& reason : reasons)
    if (!reason.waived) waivers.apply(reason);
  reasons = bounded(std::move(reasons));
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const Reason& a, const Reason& b) { return rank(a) < rank(b); });
  decision.outcome = Outcome::pass;
  for (const Reason& reason : reasons)
    if (!reason.waived) decision.outcome = std::max(decision.outcome, reason.outcome);
  decision.reasons = std::move(reasons);
  decision.unused = waivers.due();
}

Decision begin(const Policy& policy, const std::string& ref, int64_t now_s) {
  Decision out;
  out.policy = policy.name;
  out.policy_sha256 = policy.sha256;
  out.ref = still_printable(ref, kMaxShown);
  out.decided_s = now_s;
  out.checks = checks_of(policy);
  return out;
}

}  // namespace

std::span<const std::string_view> check_names() { return kChecks; }

Decision decide(const Policy& policy, const Report& report, int64_t now_s) {
  const TraceHeader& header = report.header;
  Decision out = begin(policy, header.job.ref, now_s);
  out.digest = still_printable(header.image.digest, kMaxShown);
  out.scan_id = still_printable(header.scan_id, kMaxShown);
  out.verdict = to_string(report.verdict);
  out.score = report.score;
  Waivers waivers(policy, header.job.ref, header.image.digest, now_s);
  int64_t ended_ns = header.start_time_ns > 0 ? scan_times(report).end_ns : 0;
  Case at{policy, report, waivers, ended_ns / 1'000'000'000, now_s};
  std::vector<Reason> reasons;
  ask_verdict(at, reasons);
  ask_findings(at, reasons);
  ask_allowed(at, reasons);
  ask_changes(at, reasons);
  ask_required(at, reasons);
  settle(waivers, std::move(reasons), out);
  return out;
}

Decision decide_unscanned(const Policy& policy, const std::string& ref, const std::string& why,
                          int64_t now_s) {
  return decide_unscanned(policy, policy.unscanned, ref, why, now_s);
}

Decision decide_unscanned(const Policy& policy, Outcome outcome, const std::string& ref,
                          const std::string& why, int64_t now_s) {
  Decision out = begin(policy, ref, now_s);
  Reason reason;
  reason.outcome = outcome;
  reason.check = "unscanned";
  std::move(Sentence().say("There is no result of this image: ").quote(why).say(".")).into(reason);
  settle(Waivers(policy, ref, "", now_s), {std::move(reason)}, out);
  return out;
}

Outcome worst(std::span<const Decision> decisions) {
  Outcome out = Outcome::pass;
  for (const Decision& decision : decisions) out = std::max(out, decision.outcome);
  return out;
}

int exit_code(std::span<const Decision> decisions) {
  constexpr int kPasses = 0, kFails = 10, kTooLittleKnown = 11;
  int out = kPasses;
  for (const Decision& decision : decisions) {
    if (decision.outcome != Outcome::fail) continue;
    bool against_it = std::any_of(decision.reasons.begin(), decision.reasons.end(), [](const Reason& r) {
      return r.outcome == Outcome::fail && !r.waived && !says_too_little(r);
    });
    if (against_it || decision.reasons.empty()) return kFails;
    out = kTooLittleKnown;
  }
  return out;
}

}  // namespace assay::decisions
