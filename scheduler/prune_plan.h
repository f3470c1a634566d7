// prune_plan: one look over all records of a store: what is to go by age, and, where the store is too large,
// what goes first. Reads only.
#pragma once

#include <string>
#include <vector>

#include "scheduler/retention.h"
#include "scheduler/store.h"

namespace assay {

/// Of the store on disk.
struct StoreUsage {
  uint64_t disk_bytes = 0;   // all of it
  ByKind<uint64_t> bytes{};  // by kind; reports without the index
  uint64_t index_bytes = 0;
  uint64_t other_bytes = 0;  // the rest: small indexes, and the log of what is in memory
};
Result<StoreUsage> usage_of(const Store& store);

struct PruneChoice {
  std::string scan_id;
  uint8_t take = 0;  // bits of Pruned
  ScanClass of = ScanClass::failed;
  bool by_budget = false;
  ByKind<uint64_t> bytes{};  // about what it has on disk, of what is taken
};

struct PruneTotal {
  uint64_t scans = 0, bytes = 0;
};

struct PrunePlan {
  std::vector<PruneChoice> choices;                       // in the order in which to take them
  std::vector<std::string> batches;                       // without scans, and as old as records may be
  ByKind<std::array<PruneTotal, kScanClasses>> totals{};  // of `choices`
  StoreUsage usage;
  uint64_t scans = 0, pinned = 0;
  uint64_t unreadable = 0;  // 1: there are records that cannot be read; they stay
  bool more = false;        // `choices` is full: look again
};

inline constexpr size_t kMaxChoices = 100'000;

/// Sizes are estimates: those that records name, held against what their families have on disk.
Result<PrunePlan> plan_prune(Store& store, const RetentionPolicy& policy, int64_t now_ns,
                             size_t most = kMaxChoices);

}  // namespace assay
