// How good a scan must be: complete, wide enough, recent, compared; and the list of all that a policy asks.
#include <algorithm>
#include <cmath>

#include "decisions/decide_parts.h"
#include "scheduler/score/text_layout.h"

namespace assay::decisions {
namespace {

constexpr int64_t kMinute = 60, kHour = 3600, kDay = 86400;

// "7 days", "36 hours": in the largest unit that says it whole, or nearly so.
std::string age_text(int64_t seconds) {
  if (seconds >= 2 * kDay || seconds == kDay)
    return layout::plural(static_cast<uint64_t>(seconds / kDay), "day");
  if (seconds >= 2 * kHour || seconds == kHour)
    return layout::plural(static_cast<uint64_t>(seconds / kHour), "hour");
  return layout::plural(static_cast<uint64_t>(std::max<int64_t>(seconds, 0) / kMinute), "minute");
}

std::string percent(double share) {
  auto tenths = static_cast<int64_t>(std::floor(share * 1000 + 1e-9));
  std::string out = std::to_string(tenths / 10);
  return (tenths % 10 == 0 ? out : out + "." + std::to_string(tenths % 10)) + "%";
}

Reason require(const char* check, Sentence text) {
  Reason out;
  out.check = check;
  std::move(text).into(out);
  return out;
}

void ask_coverage(const Case& at, std::vector<Reason>& to) {
  if (!at.policy.least_coverage) return;
  const Coverage& coverage = at.report.footer.coverage;
  std::string wanted = percent(*at.policy.least_coverage);
  if (coverage.executables == 0) {
    to.push_back(require("coverage", Sentence().say("The image's executables were not counted, and " +
                                                    wanted + " of them must have run.")));
    return;
  }
  double share = static_cast<double>(coverage.ran) / static_cast<double>(coverage.executables);
  if (share + 1e-9 >= *at.policy.least_coverage) return;
  to.push_back(require("coverage", Sentence().say(percent(share) + " of the image's executables ran (" +
                                                  layout::count_text(coverage.ran) + " of " +
                                                  layout::count_text(coverage.executables) + "), and " +
                                                  wanted + " must have.")));
}

void ask_age(const Case& at, std::vector<Reason>& to) {
  if (!at.policy.oldest_s) return;
  std::string wanted = age_text(*at.policy.oldest_s);
  if (at.finished_s <= 0) {
    to.push_back(require(
        "age",
        Sentence().say("When the scan was is not known, and it must be no older than " + wanted + ".")));
    return;
  }
  int64_t age = at.now_s - at.finished_s;
  if (age > *at.policy.oldest_s)
    to.push_back(require("age", Sentence().say("The scan is " + age_text(age) +
                                               " old, and must be no older than " + wanted + ".")));
}

std::string names_of(const std::map<std::string, Outcome>& asked) {
  std::string out;
  for (const auto& [name, outcome] : asked)
    if (outcome != Outcome::pass) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

}  // namespace

void ask_required(const Case& at, std::vector<Reason>& to) {
  const Completeness& completeness = at.report.completeness;
  if (at.policy.complete_trace && !completeness.complete)
    to.push_back(require("completeness", Sentence()
                                             .say("Not everything was seen: ")
                                             .quote(completeness.reasons.empty() ? "the trace is incomplete"
                                                                                 : completeness.reasons[0])
                                             .say("; a complete trace is required.")));
  ask_coverage(at, to);
  ask_age(at, to);
  bool compared = std::any_of(at.report.compared.begin(), at.report.compared.end(),
                              [](const Comparison& c) { return c.relation == "previous"; });
  if (at.policy.comparison && !compared)
    to.push_back(
        require("change", Sentence().say("There is no scan of a previous digest to compare this one with.")));
}

std::vector<Check> checks_of(const Policy& p) {
  std::vector<Check> out;
  auto add = [&](const char* name, bool asked, const std::string& text) {
    if (asked) out.push_back({name, text});
  };
  const auto& verdict = p.warn_verdict ? p.warn_verdict : p.fail_verdict;
  const auto& score = p.warn_score ? p.warn_score : p.fail_score;
  bool conclusive = p.inconclusive != Outcome::pass;
  std::string no_verdict =
      verdict == Verdict::suspicious ? "neither suspicious nor malicious" : "not malicious";
  add("verdict", verdict || conclusive,
      !verdict ? "conclusive" : no_verdict + (conclusive ? ", and conclusive" : ""));
  add("score", score.has_value(), "below " + std::to_string(score.value_or(0)));
  add("category", !p.categories.empty(), "none of " + names_of(p.categories));
  add("technique", !p.techniques.empty(), "none of " + names_of(p.techniques));
  add("level", !p.levels.empty(), "none of " + names_of(p.levels));
  add("rule", !p.rules.empty(), "none of " + names_of(p.rules));
  add("domain", p.allowed_domains.has_value(),
      "only " + list_of(p.allowed_domains.value_or(std::vector<std::string>())));
  add("listener", p.allowed_ports.has_value(),
      "only " + list_of(p.allowed_ports.value_or(std::vector<std::string>())));
  add("user", p.allowed_users.has_value(),
      "only " + list_of(p.allowed_users.value_or(std::vector<std::string>())));
  std::string changes = names_of(p.changes);
  add("change", !changes.empty() || p.comparison,
      changes.empty() ? "compared with the previous digest" : "no new " + changes);
  add("coverage", p.least_coverage.has_value(),
      percent(p.least_coverage.value_or(0)) + " or more of the executables ran");
  add("age", p.oldest_s.has_value(), "no older than " + age_text(p.oldest_s.value_or(0)));
  add("completeness", p.complete_trace, "a complete trace");
  add("unscanned", p.unscanned != Outcome::pass, "there is a result");
  return out;
}

}  // namespace assay::decisions
