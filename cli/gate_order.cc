// Reports to decisions, and several decisions on one image to one.
#include "cli/gate_order.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "cli/options.h"
#include "common/clock.h"

namespace assay::cli {
namespace {

using decisions::Decision;
using decisions::Outcome;
using decisions::Reason;

// When the scan ended, by its own account; what comes from a farm may say anything.
int64_t end_ns(const Report& report) {
  int64_t end = report.header.start_time_ns;
  for (const PhaseTime& phase : report.footer.phases)
    if (__builtin_add_overflow(end, phase.duration_ns, &end)) return std::numeric_limits<int64_t>::max();
  return end;
}

bool wants_knowledge(const Reason& reason) {
  static constexpr std::string_view kChecks[] = {"unscanned", "completeness", "coverage", "age"};
  if (reason.check == "verdict") return reason.subject == to_string(Verdict::inconclusive);
  return std::find(std::begin(kChecks), std::end(kChecks), reason.check) != std::end(kChecks);
}

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
      one.reason.text += " (as " + names + (one.scan_id.empty() ? "" : ", scan " + one.scan_id) + ")";
    }
    out.reasons.push_back(std::move(one.reason));
  }
  return out;
}

}  // namespace

Result<Decision> decide_report(const GateOrder& order, size_t ref, const std::string& json) {
  ASSAY_TRY(Report report, parse_report(json));
  report.header.job.ref = order.refs[ref];
  int64_t now = wall_ns();
  return decisions::decide(order.policy, report, std::min(end_ns(report), now), now / 1'000'000'000);
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

Exit gate_exit(std::span<const Decision> decisions) {
  Exit code = kBelowGate;
  for (const Decision& decision : decisions) {
    if (decision.outcome != Outcome::fail) continue;
    bool unknown_only =
        std::all_of(decision.reasons.begin(), decision.reasons.end(),
                    [](const Reason& reason) { return weight(reason) < 2 || wants_knowledge(reason); });
    code = worse(code, unknown_only ? kInconclusive : kAtGate);
  }
  return code;
}

}  // namespace assay::cli
