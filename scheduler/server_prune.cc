// Retention in the loop: when a pruner runs, what it hands out is staged, who asked is told; and pins. The
// looks themselves are on Pruning's thread. Between such a look and its change scans may come to share a
// result: the loop remembers which, and takes nothing from them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"
#include "scheduler/ask.h"
#include "scheduler/prune_json.h"
#include "scheduler/server_loop.h"

namespace assay {
namespace {

constexpr size_t kMaxAskers = 100, kMaxReasonBytes = 500;
constexpr std::chrono::seconds kMeasureEvery{60};
constexpr std::chrono::seconds kPressed{30};  // between two runs while the disk is full

bool takes_result(uint8_t take) { return take & (kReportPruned | kRecordPruned); }

}  // namespace

// Once a second: a run when it is time, at once where the disk is full; else a look at how large the store
// is.
void Server::consider_pruning() {
  if (pruner_) return;
  if (!prune_askers_.empty()) return begin_pruning(prune_askers_.front().dry_run, false);
  bool on = config_.prune_every.count() > 0 && !config_.retention.empty();
  Time due = last_prune_ + config_.prune_every;
  if (no_room()) due = std::min<Time>(due, last_prune_ + kPressed);
  if (on && now_ >= due) return begin_pruning(false, false);
  if (config_.metrics != nullptr && now_ >= last_measure_ + kMeasureEvery) begin_pruning(true, true);
}

void Server::begin_pruning(bool look_only, bool measure_only) {
  auto policy = measure_only ? RetentionPolicy() : config_.retention;
  if (!look_only) last_prune_ = now_;
  last_measure_ = now_;
  shared_since_.clear();
  pruner_ = std::make_unique<Pruner>(store_, std::move(policy), wall_ns(), look_only);
  pruner_measures_ = measure_only;
  pruning_.start(*pruner_);
}

void Server::take_prune_step() {
  auto actions = pruning_.take();
  if (!actions) return end_pruning(actions.error().what);
  tell_prune_askers();
  // What is shared since the look is not what was looked at.
  std::erase_if(*actions, [&](const PruneAction& action) {
    bool shared = shared_since_.contains(action.choice.scan_id);
    if (shared) pruner_->refused();
    return shared;
  });
  prunes_left_ = actions->size();
  if (actions->empty()) return go_on_pruning();
  if (stalled_) return commit_prunes(*actions);
  for (PruneAction& action : *actions) {
    if (takes_result(action.choice.take)) taking_.insert(action.choice.scan_id);
    stage_.add(
        std::move(action.batch), [this, choice = action.choice] { settle_prune(choice, Status()); },
        [this, choice = action.choice](const Error& error) { settle_prune(choice, error); });
  }
}

// The stage waits for room, which these make: they alone may use half of the store's reserve.
void Server::commit_prunes(const std::vector<PruneAction>& actions) {
  std::vector<StoreBatch> group;
  for (const PruneAction& action : actions) group.push_back(action.batch);
  auto written = store_.commit(group);
  for (size_t i = 0; i < actions.size(); ++i)
    settle_prune(actions[i].choice, written ? (*written)[i] : Status(written.error()));
}

void Server::settle_prune(const PruneChoice& choice, const Status& outcome) {
  taking_.erase(choice.scan_id);
  if (outcome)
    pruner_->committed(choice);
  else
    pruner_->refused();
  if (!outcome && outcome.error().code != Errc::conflict) prune_trouble_ = outcome.error().what;
  if (--prunes_left_ == 0) go_on_pruning();
}

void Server::go_on_pruning() {
  if (pruner_->finished() || !prune_trouble_.empty()) return end_pruning(prune_trouble_);
  pruning_.start(*pruner_);
}

void Server::end_pruning(const std::string& trouble) {
  const PrunePlan& plan = pruner_->plan();
  const PruneCounts& counts = pruner_->counts();
  measure_.pruned(plan.usage, plan.pinned, config_.retention.budget_bytes, counts);
  used_bytes_ = plan.usage.disk_bytes;
  std::string words;
  for (size_t i = 0; i < kKeptKinds; ++i)
    if (counts.kinds[i].scans > 0)
      words += std::string(" ") + to_string(static_cast<KeptKind>(i)) + "=" +
               std::to_string(counts.kinds[i].scans) + " " + to_string(static_cast<KeptKind>(i)) +
               "_bytes=" + std::to_string(counts.kinds[i].bytes);
  if (!words.empty())
    spdlog::info("event=pruned{} changed={} store_bytes={}", words, counts.refused, plan.usage.disk_bytes);
  std::string why = trouble.empty() ? pruner_->trouble() : trouble;
  if (!why.empty()) spdlog::warn("event=prune_cut why=\"{}\"", printable(why, 300));
  if (!pruner_measures_ && pruner_->over_budget() && why.empty())
    spdlog::warn("event=over_budget store_bytes={} budget_bytes={} pinned={}", plan.usage.disk_bytes,
                 config_.retention.budget_bytes, plan.pinned);
  if (!trouble.empty()) tell_prune_askers(Error{Errc::io, trouble});
  prune_trouble_.clear();
  pruner_.reset();
}

// After the first look: what is to go is known, and the rest may take its time.
void Server::tell_prune_askers(const Status& outcome) {
  if (pruner_measures_ || prune_askers_.empty()) return;
  bool dry = pruner_->look_only();
  wire::Answer answer = outcome ? wire::Answer{200, prune_json(pruner_->plan(), config_.retention, dry)}
                                : ask::refusal(outcome.error());
  std::erase_if(prune_askers_, [&](const PruneAsker& asker) {
    if (asker.dry_run != dry) return false;
    tell_client(asker.client, answer);
    return true;
  });
}

std::optional<wire::Answer> Server::order_prune(const std::string& client, bool dry_run) {
  if (prune_askers_.size() >= kMaxAskers)
    return ask::refusal({Errc::busy, "too many wait for retention already"});
  prune_askers_.push_back({client, dry_run});
  consider_pruning();
  return std::nullopt;
}

std::optional<wire::Answer> Server::order_pin(const std::string& client, const std::string& scan_id,
                                              const std::string& reason) {
  if (reason.size() > kMaxReasonBytes)
    return ask::refusal(
        {Errc::invalid, "a reason has at most " + std::to_string(kMaxReasonBytes) + " bytes"});
  auto answer = wire::Answer{200, nlohmann::json{{"scan_id", scan_id}, {"pinned", printable(reason)}}.dump()};
  if (auto it = open_.find(scan_id); it != open_.end()) {
    ScanRecord after = it->second;
    after.pinned = reason;
    move(after, [this, client, answer] { tell_client(client, answer); });
    return std::nullopt;
  }
  auto batch = keep_.pinned(scan_id, reason);
  if (!batch) return ask::refusal(batch.error());
  stage_.add(
      std::move(*batch), [this, client, answer] { tell_client(client, answer); },
      [this, client](const Error& error) { tell_client(client, ask::refusal(error)); });
  return std::nullopt;
}

}  // namespace assay
