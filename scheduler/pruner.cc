// Looking, taking, settling.
#include "scheduler/pruner.h"

#include <algorithm>

namespace assay {
namespace {

constexpr unsigned kLooks = 6;            // estimates come close within two or three
constexpr uint64_t kInMemory = 64 << 20;  // at most: what a store writes by itself, any time

}  // namespace

Result<std::vector<PruneAction>> Pruner::step() {
  std::vector<PruneAction> none;
  switch (stage_) {
    case Stage::look:
      ASSAY_CHECK(look());
      return none;
    case Stage::take:
      return take();
    case Stage::settle:
      ASSAY_CHECK(settle());
      return none;
    case Stage::finished:
      break;
  }
  return none;
}

Status Pruner::look() {
  ASSAY_TRY(uint64_t used, store_.disk_bytes());
  // The log is no reason to take anything: it shrinks once what is in memory is written. Nor must that come
  // on top after the look.
  bool near = policy_.budget_bytes > 0 && used + kInMemory > policy_.budget_bytes;
  if (!look_only_ && near) ASSAY_CHECK(give_back({}));
  ASSAY_TRY(plan_, plan_prune(store_, policy_, now_ns_));
  ++looks_;
  next_ = 0;
  taken_ = 0;
  gone_.clear();
  bool nothing = plan_.choices.empty() && plan_.batches.empty();
  stage_ = look_only_ || nothing ? Stage::finished : Stage::take;
  return Status();
}

Result<std::vector<PruneAction>> Pruner::take() {
  std::vector<PruneAction> out;
  size_t ops = 0;
  while (next_ < plan_.choices.size() && out.size() < kScansPerStep && ops < kOpsPerStep) {
    const PruneChoice& choice = plan_.choices[next_++];
    auto found = keep_.prepare_prune(choice.scan_id, choice.take);
    if (!found && found.error().code == Errc::io) return found.error();
    // Gone, pinned or run again since the look.
    if (!found || (takable(found->before) & choice.take) != choice.take) {
      refused();
      continue;
    }
    out.push_back({choice, Keep::pruned(*found)});
    ops += out.back().batch.ops.size();
  }
  if (next_ < plan_.choices.size()) return out;
  if (out.empty()) return take_batches();
  return out;
}

Result<std::vector<PruneAction>> Pruner::take_batches() {
  std::vector<PruneAction> out;
  while (!plan_.batches.empty() && out.size() < kScansPerStep) {
    auto batch = keep_.pruned_batch(plan_.batches.back());
    plan_.batches.pop_back();
    if (batch) out.push_back({{}, std::move(*batch)});
  }
  if (plan_.batches.empty()) stage_ = Stage::settle;
  return out;
}

void Pruner::committed(const PruneChoice& choice) {
  ++taken_;
  if (choice.scan_id.empty()) return;
  auto gone = [&](Family family) {
    auto [range, fresh] = gone_.try_emplace({family, choice.of}, choice.scan_id, choice.scan_id);
    range->second.first = std::min(range->second.first, choice.scan_id);
    range->second.second = std::max(range->second.second, choice.scan_id);
  };
  for (size_t i = 0; i < kKeptKinds; ++i) {
    if (!(choice.take & 1u << i)) continue;
    ++counts_.kinds[i].scans;
    counts_.kinds[i].bytes += choice.bytes[i];
  }
  if (choice.take & (kArtifactsPruned | kReportPruned)) gone(Family::artifacts);
  if (choice.take & (kTracePruned | kReportPruned)) gone(Family::chunks);
  if (choice.take & kReportPruned) gone(Family::reports);
  reports_gone_ = reports_gone_ || choice.take & (kReportPruned | kRecordPruned);
}

Status Pruner::settle() {
  std::vector<KeyRange> ranges;
  for (const auto& [where, range] : gone_)
    ranges.push_back({where.first, range.first, range.second + std::string(9, '\xff')});
  if (taken_ > 0) ASSAY_CHECK(give_back(ranges));
  ASSAY_TRY(plan_.usage, usage_of(store_));
  // Entries are spread over all of the index: it is rewritten only where that much is needed.
  if (over_budget() && reports_gone_) {
    ASSAY_CHECK(give_back({{Family::index, "", ""},
                           {Family::scans, "", ""},
                           {Family::digests, "", ""},
                           {Family::members, "", ""}}));
    ASSAY_TRY(plan_.usage, usage_of(store_));
    reports_gone_ = false;
  }
  bool again = taken_ > 0 && looks_ < kLooks && (plan_.more || over_budget());
  stage_ = again ? Stage::look : Stage::finished;
  return Status();
}

// What is taken is taken, even where its room comes back only later.
Status Pruner::give_back(const std::vector<KeyRange>& ranges) {
  Status done = store_.give_back(ranges);
  trouble_ = done ? "" : done.error().what;
  if (!done && done.error().code != Errc::no_space) return done;
  return Status();
}

}  // namespace assay
