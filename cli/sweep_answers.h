// sweep_answers: what the scheduler's HTTP API says of sweeps (docs/api.md), as plain structs. Pure; the
// bytes are hostile: types are checked, texts are made printable by who shows them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/answers.h"
#include "common/result.h"

namespace assay::cli {

struct SweepRowView {
  std::string name, tenant, schedule, time_zone;
  std::vector<std::string> sources;
  bool paused = false;
  std::string running;  // the run under way, or empty
  int64_t created_ns = 0, last_due_s = 0;
};

/// What it takes to be done by the deadline.
struct SweepCapacity {
  uint64_t seconds_left = 0, scans_open = 0, slots = 0;
  std::optional<uint64_t> slots_needed;
  std::string basis;
};

/// A run under way.
struct SweepProgress {
  struct Busy {
    std::string host;
    uint64_t ms = 0;
  };
  std::string run_id, state, why;
  int64_t started_ns = 0;
  std::optional<int64_t> deadline_s;
  uint64_t sources_open = 0, scans_open = 0;
  Counts repositories;  // waiting, listing, done, failed, not_reached
  Counts images;        // by outcome: submitted, known, ...
  std::vector<Busy> busy;
  std::optional<SweepCapacity> capacity;
};

struct SweepView : SweepRowView {
  /// What it is to do, field by field, as the server says it; without those above.
  std::vector<std::pair<std::string, std::string>> spec;
  std::optional<int64_t> next_due_s;
  std::optional<SweepProgress> run;
};

struct SweepRunView {
  std::string run_id, state, why;
  int64_t started_ns = 0, listed_ns = 0, ended_ns = 0;
  std::optional<int64_t> deadline_s;
  bool listed_all = false;
  std::vector<std::string> trouble;
};
/// done or stopped. A state that this version does not know is one of a run under way.
bool has_ended(const SweepRunView& run);

/// What an exit code is made of.
struct SweepVerdict {
  std::string state;  // of the run
  uint64_t new_malicious = 0, new_suspicious = 0;
  uint64_t inconclusive = 0, failed = 0, not_reached = 0;
};

// Errc::corrupt names the field and what was expected.
Result<std::vector<SweepRowView>> read_sweeps(std::string_view json);
Result<SweepView> read_sweep(std::string_view json);
Result<std::vector<SweepRunView>> read_sweep_runs(std::string_view json);
/// The "run_id" of a run that began.
Result<std::string> read_sweep_started(std::string_view json);
Result<SweepVerdict> read_sweep_report(std::string_view json);

}  // namespace assay::cli
