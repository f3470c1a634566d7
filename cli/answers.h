// answers: what the scheduler's HTTP API says (docs/api.md), as plain structs. Pure; the bytes are hostile:
// types and ids are checked, everything else is text to be made printable by who shows it. The reading side
// of the API's JSON is only here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/submission.h"

namespace assay::cli {

/// One scan.
struct ScanView {
  std::string scan_id;
  std::string ref, state, lane, tenant, batch, persona;
  Labels labels;
  uint32_t attempt = 0, failures = 0;
  std::string agent;
  int64_t submitted_ns = 0, leased_ns = 0, finished_ns = 0;
  std::string digest, verdict;
  int32_t score = 0;
  std::string error, error_code, same_as, expect;
  std::string pinned;               // why it stays whatever retention says; empty: it is not pinned
  std::vector<std::string> pruned;  // what retention has taken of it
  std::vector<std::string> waits;   // why it does not run, the deciding reason first
};
/// done, failed or cancelled. A state that this version does not know is one of an open scan.
bool has_ended(const std::string& state);

struct ScanPage {
  std::vector<ScanView> scans;  // newest first
  std::string next;             // scan id to go on from; empty: this was the last page
};

using Counts = std::map<std::string, uint64_t>;

struct Missed {
  std::string scan_id, ref, expect, verdict, state;
};
struct BatchView {
  std::string batch_id, name, rerun_of;
  Labels labels;
  int64_t created_ns = 0;
  uint64_t total = 0;
  Counts states, verdicts, expected;  // expected: met, missed, open
  std::vector<Missed> missed;
};

struct AgentView {
  std::string name, mode;
  bool connected = false;
  std::string version;
  uint32_t slots = 0, cpu_millis = 0;
  uint64_t memory_bytes = 0;
  uint32_t credit = 0;
  std::string why;  // its credit is 0
  std::optional<double> seen_ms;
  size_t leases = 0;
  std::string fenced_by, fenced_why;  // the scan that has fenced it, and what was seen; empty: none
};

struct QueueView {
  struct Lane {
    std::string name;
    uint64_t queued = 0, leased = 0;
    double oldest_ms = 0;
  };
  struct Tenant {
    std::string name;
    uint64_t queued = 0, leased = 0;
  };
  struct Registry {
    std::string name;
    uint64_t queued = 0;
    double wait_ms = 0;
  };
  std::vector<Lane> lanes;  // the most urgent first
  std::vector<Tenant> tenants;
  std::vector<Registry> registries;
  uint64_t delayed = 0, scoring = 0;
  bool stalled = false;
  std::optional<uint64_t> free_bytes, store_bytes, store_budget_bytes;
};

/// What is not known has no value.
struct CapacityView {
  double seconds = 0;  // that were asked about
  uint64_t backlog = 0, agents = 0, slots = 0;
  std::optional<double> service_s, rate_per_s, finish_s;
  std::optional<uint64_t> slots_needed, agents_needed;
};

/// One message of the stream.
struct FarmEvent {
  bool progress = false;  // else a change of state
  std::string scan_id, batch, state, phase, verdict;
  int32_t score = 0;
  std::string error;
  uint64_t missed = 0;  // messages that were left out before this one
};

// Errc::corrupt names the field and what was expected.
Result<ScanView> read_scan(std::string_view json);
Result<ScanPage> read_scans(std::string_view json);
/// As many ids as `expected`.
Result<std::vector<std::string>> read_scan_ids(std::string_view json, size_t expected);
struct SubmittedBatch {
  std::string batch_id;
  std::vector<std::string> scan_ids;
};
Result<SubmittedBatch> read_submitted_batch(std::string_view json);
Result<BatchView> read_batch(std::string_view json);
Result<std::vector<BatchView>> read_batches(std::string_view json);
Result<std::vector<AgentView>> read_agents(std::string_view json);
Result<QueueView> read_queue(std::string_view json);
Result<CapacityView> read_capacity(std::string_view json);
Result<FarmEvent> read_event(const std::string& name, std::string_view data);

}  // namespace assay::cli
