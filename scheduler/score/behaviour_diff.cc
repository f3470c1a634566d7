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

// How much slower than another a run was, 1 or more: the median of what both show, so that no single thing
// that an image does sooner excuses what it does besides. On a busy host a guest goes on at a fraction of its
// pace.
double slower(const Behaviour& run, const Behaviour& other) {
  constexpr int64_t kAtOnce = 100'000'000;  // ns: says nothing of the pace
  constexpr double kFloor = 500e6;          // likewise: below that it is scheduling alone
  std::vector<double> ratios;
  for (const Fact& fact : run.facts) {
    const Fact* there = find(other, fact);
    if (there == nullptr || !fact.step.empty() || !there->step.empty()) continue;
    if (std::min(fact.first_ns, there->first_ns) < 0 || std::max(fact.first_ns, there->first_ns) < kAtOnce)
      continue;
    ratios.push_back((static_cast<double>(fact.first_ns) + kFloor) /
                     (static_cast<double>(there->first_ns) + kFloor));
  }
  if (ratios.empty()) return 1;
  auto middle = ratios.begin() + static_cast<ptrdiff_t>(ratios.size() / 2);
  std::nth_element(ratios.begin(), middle, ratios.end());
  return std::max(1.0, *middle);
}

// Whether a run would show the fact of another, if its image did that. `pace`: slower() than the other.
bool would_show(const Behaviour& run, const Fact& fact, double pace) {
  bool in_time = fact.first_ns < 0 || run.sure_ns == INT64_MAX ||
                 static_cast<double>(fact.first_ns) * pace <= static_cast<double>(run.sure_ns);
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
  std::vector<double> paces, paces_after;
  for (const Behaviour& run : before) {
    paces.push_back(slower(run, after));
    paces_after.push_back(slower(after, run));
  }
  for (const Fact& fact : after.facts) {
    bool known = false, comparable = false;
    for (size_t i = 0; i < before.size(); ++i) {
      known = known || find(before[i], fact) != nullptr;
      comparable = comparable || would_show(before[i], fact, paces[i]);
    }
    if (!known && comparable) told.add(diff.added, added[static_cast<size_t>(fact.kind)], fact);
  }
  for (const Fact& fact : before.front().facts) {
    bool by_all = find(after, fact) == nullptr;
    for (size_t i = 0; i < before.size() && by_all; ++i) {
      const Fact* there = find(before[i], fact);
      by_all = there != nullptr && would_show(after, *there, paces_after[i]);
    }
    if (by_all) told.add(diff.gone, gone[static_cast<size_t>(fact.kind)], fact);
  }
  return diff;
}

}  // namespace assay
