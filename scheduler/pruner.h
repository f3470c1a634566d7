// pruner: retention carried out, step by step: looks, hands out what is to be committed, has the store give
// the room back, and looks again while the store is beyond its budget. Commits nothing itself: who owns the
// store's writing does. Its steps may take seconds, and belong on a thread of their own (pruning.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "scheduler/prune_plan.h"

namespace assay {

struct PruneAction {
  PruneChoice choice;  // without a scan id: one of PrunePlan::batches goes
  StoreBatch batch;
};

struct PruneCounts {
  ByKind<PruneTotal> kinds{};
  uint64_t refused = 0;  // changed meanwhile; they are looked at again the next time
};

class Pruner {
 public:
  /// `store` is borrowed. `look_only`: the plan is all that is wanted.
  Pruner(Store& store, RetentionPolicy policy, int64_t now_ns, bool look_only = false)
      : store_(store), keep_(store), policy_(std::move(policy)), now_ns_(now_ns), look_only_(look_only) {}

  /// The next piece of work, and what of it is to be committed before the next step. At most kScansPerStep
  /// scans.
  Result<std::vector<PruneAction>> step();
  bool finished() const { return stage_ == Stage::finished; }
  bool look_only() const { return look_only_; }
  /// Each action's outcome, before the next step.
  void committed(const PruneChoice& choice);
  void refused() { ++counts_.refused; }

  /// Of the last look; with the usage of after the last step.
  const PrunePlan& plan() const { return plan_; }
  const PruneCounts& counts() const { return counts_; }
  const RetentionPolicy& policy() const { return policy_; }
  bool over_budget() const {
    return policy_.budget_bytes > 0 && plan_.usage.disk_bytes > policy_.budget_bytes;
  }
  /// Why room could not be given back; empty: it was.
  const std::string& trouble() const { return trouble_; }

  static constexpr size_t kScansPerStep = 64, kOpsPerStep = 5000;

 private:
  enum class Stage { look, take, settle, finished };
  Status look();
  Result<std::vector<PruneAction>> take();
  Result<std::vector<PruneAction>> take_batches();
  Status settle();
  Status give_back(const std::vector<KeyRange>& ranges);

  Store& store_;
  Keep keep_;
  RetentionPolicy policy_;
  int64_t now_ns_;
  bool look_only_;
  Stage stage_ = Stage::look;
  PrunePlan plan_;
  PruneCounts counts_;
  std::string trouble_;
  size_t next_ = 0;  // of plan_.choices
  unsigned looks_ = 0;
  uint64_t taken_ = 0;  // since the last look
  bool reports_gone_ = false;
  // First and last scan of which something was taken since the last look, by where it stood and class: what
  // goes first is of one class and one time, so that the range holds little else.
  std::map<std::pair<Family, ScanClass>, std::pair<std::string, std::string>> gone_;
};

}  // namespace assay
