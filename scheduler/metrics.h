// SchedulerMetrics: what the scheduler counts, one handle a figure; the names are in metrics.cc and
// docs/api.md. The loop and the API write to them, GET /metrics shows them.
#pragma once

#include <array>

#include "common/metrics.h"
#include "common/submission.h"

namespace assay {

/// Every CounterBy here belongs to the loop's thread.
struct SchedulerMetrics {
  explicit SchedulerMetrics(Metrics& metrics);  // borrowed

  template <class T>
  using ByLane = std::array<T, kLanes>;  // index: Lane

  // jobs
  Counter submissions;         // accepted, on disk
  CounterBy refusals;          // by reason: what was not accepted, of clients and agents
  ByLane<Gauge> queued;        // waiting, delayed ones included
  ByLane<Gauge> oldest_wait;   // seconds that the longest waiting one, not delayed, has waited
  ByLane<Histogram> wait;      // seconds from submission to lease
  ByLane<Histogram> service;   // seconds from lease to end
  Gauge leased;                // scans under way
  Counter leases;              // made
  CounterBy redeliveries;      // leases that ended without a result, by why
  Counter stale_messages;      // of attempts that were no longer held
  CounterBy ended;             // scans by end state: done, failed, cancelled
  CounterBy verdicts;          // of those done
  Counter coalesced;           // ended with the result of an equal job that was in flight
  Counter reused;              // ended with a stored result
  CounterBy pulls;             // leases by registry
  CounterBy registry_blocked;  // seconds for which a registry was left alone since it had asked for that
  Gauge scoring;               // whole traces that wait for their report, or have it made
  Counter affinity_hits;       // leases to an agent that had layers of the repository
  Counter affinity_misses;     // to another one

  // traces
  Counter events;       // in the traces that came in whole
  CounterBy lost;       // events lost, by source
  Counter chunks;       // kept
  Counter chunk_bytes;  // their bytes, compressed

  // store
  Histogram commit;         // seconds of one group commit
  Histogram commit_group;   // batches in it
  Counter commit_failures;  // for lack of space or a failing disk
  Gauge free_bytes;         // where the store writes
  Gauge reserve_bytes;      // with less submissions are refused
  Gauge last_backup;  // Unix time of the last one made of this store while this process served it; 0: none
  Gauge stalled;      // 1 while nothing can be committed

  // retention
  std::array<Gauge, 6> store_bytes;     // on disk, by kind: artifacts, traces, reports, records, index, other
  Gauge store_budget;                   // 0: none
  Gauge pinned;                         // scans
  std::array<Counter, 4> pruned;        // scans of which this was taken: artifacts, traces, reports, records
  std::array<Counter, 4> pruned_bytes;  // about what that was on disk

  // agents
  std::array<Gauge, 3> agents;  // by mode: active, draining, fenced; those connected
  Gauge absent;                 // agents that are not, though neither drained nor fenced
  Gauge slots;                  // of connected agents
  Gauge credit;                 // leases that they would take now
  Counter agents_forgotten;     // not heard for long, or by order

  // clients
  Counter notices_dropped;          // for clients that were too slow
  Counter requests_timed_out;       // the loop did not answer an HTTP request in time
  std::array<Counter, 4> requests;  // HTTP answers: 2xx, 3xx, 4xx, 5xx
  Gauge certificate_end;            // Unix time at which the API's certificate expires; 0: it has none
};

}  // namespace assay
