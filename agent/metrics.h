// metrics: what an agent counts for Prometheus. Handles only; the loop calls them.
#pragma once

#include "agent/link.h"
#include "common/metrics.h"

namespace assay {

class AgentMetrics {
 public:
  AgentMetrics();

  void ended(const ScanStats& stats, const std::string& end);  // "done", "failed", "cancelled", "handed_back"
  std::string text() const { return metrics_.text(); }

 private:
  Metrics metrics_;

 public:
  Gauge slots, running, waiting;  // waiting: scans held that do not run
  Gauge fenced;
  Gauge connected;                               // 1 while the scheduler has taken us up
  Gauge free_bytes, reserve_bytes, spool_quota;  // of the data directory's disk; bytes
  Gauge spool_bytes, spool_chunks, spool_attempts;
  Counter chunk_bytes, chunks_sent, welcomes, refusals;

 private:
  Counter pulls_, pull_cache_hits_, layers_unpacked_, layers_reused_, events_;
  CounterBy lost_, ends_;
};

}  // namespace assay
