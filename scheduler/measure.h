// measure: what happens in the loop, as figures of SchedulerMetrics. Does nothing where there are none (the
// embedded farm).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/trace.h"
#include "scheduler/agents.h"
#include "scheduler/keep.h"
#include "scheduler/metrics.h"
#include "scheduler/pruner.h"
#include "scheduler/queue.h"

namespace assay {

class Measure {
 public:
  explicit Measure(SchedulerMetrics* metrics) : to_(metrics) {}  // borrowed; may be null

  void submitted(size_t scans);
  void refused(const std::string& reason);
  void leased(const ScanRecord& record, const std::string& registry, bool cached);
  void redelivered(const std::string& code);
  void stale();
  void chunk(size_t bytes);
  void shipped(const TraceFooter& footer);
  void ended(const ScanRecord& record);
  void coalesced();
  void reused();
  void committed(std::chrono::steady_clock::duration took, size_t batches);
  void commit_failed();
  void agent_forgotten();
  /// After a look at the store, and what was taken in that run.
  void pruned(const StoreUsage& usage, uint64_t pinned, uint64_t budget_bytes, const PruneCounts& counts);

  /// The levels, about once a second.
  struct Levels {
    const Queue& queue;
    const Agents& agents;
    std::chrono::steady_clock::time_point now;
    uint64_t free_bytes = 0;
    bool stalled = false;
    uint64_t notices_dropped = 0;  // ever
    uint64_t reserve_bytes = 0;
    size_t scoring = 0;                     // traces that wait for their report
    std::vector<std::string> registries{};  // that are left alone
  };
  void levels(const Levels& levels);

 private:
  SchedulerMetrics* to_;
  void agents(const Levels& levels);

  uint64_t notices_dropped_ = 0;
  std::optional<std::chrono::steady_clock::time_point> levels_at_;
};

}  // namespace assay
