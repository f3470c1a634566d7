// Reports to decisions, and several decisions on one image to one.
#include "cli/gate_order.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/clock.h"
#include "common/text.h"
#include "scheduler/score/layers.h"

namespace assay::cli {
namespace {

using decisions::Decision;
using decisions::Outcome;
using decisions::Reason;

// Failures, then warnings, then what was waived.
int weight(const Reason& reason) {
  if (reason.waived) return 0;
  return reason.outcome == Outcome::fail ? 2 : 1;
}

bool same(const Reason& a, const Reason& b) {
  return weight(a) == weight(b) && a.check == b.check && a.subject == b.subject && a.rule_id == b.rule_id;
}

// The reasons of all answers, each once, with the personas that do not share them left out by name.
struct Shared {
  Reason reason;
  std::string scan_id;
  std::vector<Persona> personas;
};

std::vector<Shared> share(const std::vector<const GateAnswer*>& answers) {
  std::vector<Shared> out;
  for (const GateAnswer* answer : answers) {
    for (const Reason& reason : answer->decision.reasons) {
      auto known =
          std::find_if(out.begin(), out.end(), [&](const Shared& s) { return same(s.reason, reason); });
      if (known == out.end()) known = out.insert(out.end(), {reason, answer->decision.scan_id, {}});
      auto& personas = known->personas;
      if (std::find(personas.begin(), personas.end(), answer->persona) == personas.end())
        personas.push_back(answer->persona);
    }
  }
  return out;
}

constexpr size_t kFindingsTold = 3;
constexpr size_t kMaxQuoted = 240;

// Of ours, which are every other part of the sentence, the first included.
void add_words(Reason& reason, const std::string& words) {
  reason.text += words;
  if (reason.parts.empty()) return;
  if (reason.parts.size() % 2 == 0) reason.parts.emplace_back();
  reason.parts.back() += words;
}

// Of the image's, which follow words of ours.
void add_quote(Reason& reason, const std::string& words) {
  std::string shown = still_printable(words, kMaxQuoted);
  reason.text += shown;
  if (!reason.parts.empty()) reason.parts.push_back(std::move(shown));
}

// Waived by its name, whatever the image: it is not what the verdict comes of, or may not be.
bool may_be_waived(const decisions::Policy& policy, const Finding& finding) {
  return std::any_of(policy.waivers.begin(), policy.waivers.end(), [&](const decisions::Waiver& waiver) {
    return waiver.rule == finding.rule_id || waiver.rule == finding.title;
  });
}

// A verdict or a score alone tells a developer nothing: the heaviest findings behind it, where no reason of
// the decision is a finding.
void add_evidence(const decisions::Policy& policy, const Report& report, Decision& decision) {
  auto& reasons = decision.reasons;
  if (std::any_of(reasons.begin(), reasons.end(), [](const Reason& r) { return !r.rule_id.empty(); })) return;
  auto worst = std::find_if(reasons.begin(), reasons.end(), [](const Reason& r) {
    return r.check == "score" || (r.check == "verdict" && r.subject != to_string(Verdict::inconclusive));
  });
  if (worst == reasons.end()) return;
  size_t told = 0;
  for (const Finding& finding : report.findings) {
    if (finding.points <= 0 || may_be_waived(policy, finding)) continue;
    if (told++ == kFindingsTold) break;
    add_words(*worst, told == 1 ? " It comes of " : "; ");
    add_quote(*worst, finding.title);
    add_words(*worst, " (rule ");
    add_quote(*worst, finding.rule_id);
    for (const Technique& technique : finding.techniques) {
      add_words(*worst, ", ");
      add_quote(*worst, technique.id);
    }
    add_words(*worst, ")");
    if (finding.layer.empty()) continue;
    add_words(*worst, ", brought by ");
    add_quote(*worst, layer_for_people(report.header.image.layers, finding.layer));
  }
  if (told > 0) add_words(*worst, ".");
}

Decision join(const std::vector<const GateAnswer*>& answers, size_t personas) {
  auto worse_one = [](const GateAnswer* a, const GateAnswer* b) {
    return a->decision.outcome < b->decision.outcome;
  };
  Decision out = (*std::max_element(answers.begin(), answers.end(), worse_one))->decision;
  std::vector<Shared> shared = share(answers);
  std::stable_sort(shared.begin(), shared.end(),
                   [](const Shared& a, const Shared& b) { return weight(a.reason) > weight(b.reason); });
  out.reasons.clear();
  for (Shared& one : shared) {
    if (one.personas.size() < personas) {
      std::string names;
      for (Persona persona : one.personas)
        names += (names.empty() ? "" : ", ") + std::string(to_string(persona));
      add_words(one.reason, " (as " + names + (one.scan_id.empty() ? "" : ", scan " + one.scan_id) + ")");
    }
    out.reasons.push_back(std::move(one.reason));
  }
  return out;
}

}  // namespace

Result<Decision> decide_report(const GateOrder& order, size_t ref, const std::string& json) {
  ASSAY_TRY(Report report, parse_report(json));
  report.header.job.ref = order.refs[ref];
  Decision out = decisions::decide(order.policy, report, wall_s());
  add_evidence(order.policy, report, out);
  return out;
}

Decision decide_without(const GateOrder& order, size_t ref, const std::string& why) {
  return decisions::decide_unscanned(order.policy, order.refs[ref], why, wall_s());
}

std::vector<Decision> join_answers(const GateOrder& order, std::span<const GateAnswer> answers) {
  std::map<size_t, std::vector<const GateAnswer*>> by_ref;
  for (const GateAnswer& answer : answers) by_ref[answer.ref].push_back(&answer);
  std::vector<Decision> out;
  for (const auto& [ref, of_it] : by_ref)
    out.push_back(of_it.size() == 1 ? of_it[0]->decision : join(of_it, order.wish.personas.size()));
  return out;
}

}  // namespace assay::cli
