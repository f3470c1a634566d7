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

// Whether a run would show the fact, if its image did that.
bool would_show(const Behaviour& run, const Fact& fact) {
  bool in_time = fact.first_ns < 0 || fact.first_ns <= run.sure_ns;
  return in_time && !run.cut.contains(fact.kind) && (fact.step.empty() || run.steps.contains(fact.step));
}

class Told {
 public:
  explicit Told(BehaviourDiff& diff) : diff_(diff) {}
  void add(std::vector<Change>& to, size_t& of_kind, const Fact& fact) {
    if (of_kind++ < BehaviourDiff::kMaxOfKind)
      to.push_back({to_string(fact.kind), fact.what, fact.by, fact.layer});
    else
      ++diff_.left_out;
  }

 private:
  BehaviourDiff& diff_;
};

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
  Told told(diff);
  std::array<size_t, kFactKinds> added{}, gone{};
  for (const Fact& fact : after.facts) {
    bool known = std::any_of(before.begin(), before.end(),
                             [&](const Behaviour& run) { return find(run, fact) != nullptr; });
    bool comparable = std::any_of(before.begin(), before.end(),
                                  [&](const Behaviour& run) { return would_show(run, fact); });
    if (!known && comparable) told.add(diff.added, added[static_cast<size_t>(fact.kind)], fact);
  }
  for (const Fact& fact : before.front().facts) {
    bool by_all = std::all_of(before.begin(), before.end(), [&](const Behaviour& run) {
      const Fact* there = find(run, fact);
      return there != nullptr && would_show(after, *there);
    });
    if (by_all && find(after, fact) == nullptr)
      told.add(diff.gone, gone[static_cast<size_t>(fact.kind)], fact);
  }
  return diff;
}

}  // namespace assay
