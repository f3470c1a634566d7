// Two sets of facts: what is in one of them alone is told, unless the other could not have had it.
#include <algorithm>
#include <array>
#include <tuple>

#include "scheduler/score/behaviour.h"

namespace assay {
namespace {

const Fact* find(const Behaviour& in, const Fact& fact) {
  auto at = std::lower_bound(in.facts.begin(), in.facts.end(), fact, [](const Fact& a, const Fact& b) {
    return std::tie(a.kind, a.what) < std::tie(b.kind, b.what);
  });
  return at != in.facts.end() && at->kind == fact.kind && at->what == fact.what ? &*at : nullptr;
}

// Whether a run would show the fact of another, if its image did that. Who waits until a run of the usual
// length is over does something new; who comes to it late in a run may have come to it after the end of
// another.
bool would_show(const Behaviour& run, const Fact& fact, const Behaviour& other) {
  bool late = fact.first_ns > run.sure_ns;
  bool waited = fact.first_ns - other.made_up_ns > run.end_ns && other.asked_ns <= run.asked_ns;
  return (!late || waited) && !run.cut.contains(fact.kind) &&
         (fact.step.empty() || run.steps.contains(fact.step));
}

Behaviour without_facts(const Behaviour& whole) {
  Behaviour out;
  out.scan_id = whole.scan_id;
  out.ref = whole.ref;
  out.digest = whole.digest;
  out.verdict = whole.verdict;
  out.score = whole.score;
  out.layers = whole.layers;
  return out;
}

}  // namespace

BehaviourDiff diff_behaviour(std::span<const Behaviour> before, const Behaviour& after) {
  BehaviourDiff diff;
  diff.after = without_facts(after);
  if (before.empty()) return diff;
  diff.before = without_facts(before.front());
  auto tell = [&](std::vector<Change>& to, size_t& of_kind, const Fact& fact) {
    if (of_kind++ < BehaviourDiff::kMaxOfKind)
      to.push_back({to_string(fact.kind), fact.what, fact.by, fact.layer});
    else
      ++diff.left_out;
  };
  std::array<size_t, kFactKinds> added{}, gone{};
  for (const Fact& fact : after.facts) {
    bool known = false, comparable = false;
    for (size_t i = 0; i < before.size(); ++i) {
      known = known || find(before[i], fact) != nullptr;
      comparable = comparable || would_show(before[i], fact, after);
    }
    if (!known && comparable) tell(diff.added, added[static_cast<size_t>(fact.kind)], fact);
  }
  for (const Fact& fact : before.front().facts) {
    bool by_all = find(after, fact) == nullptr;
    for (size_t i = 0; i < before.size() && by_all; ++i) {
      const Fact* there = find(before[i], fact);
      by_all = there != nullptr && would_show(after, *there, before[i]);
    }
    if (by_all) tell(diff.gone, gone[static_cast<size_t>(fact.kind)], fact);
  }
  return diff;
}

}  // namespace assay
