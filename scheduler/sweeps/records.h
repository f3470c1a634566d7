// records: what is kept of sweeps, their runs and each repository of a run, as JSON in the store's family
// `sweeps` (docs/store.md). Typed records and their keys; changes are StoreOps that the loop commits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/store.h"
#include "scheduler/sweeps/spec.h"

namespace assay::sweeps {

inline constexpr size_t kMaxTrouble = 100;  // lines of a run about whole sources

struct SweepRecord {
  Spec spec;
  std::string tenant;  // whom its scans count for
  bool paused = false;
  int64_t created_ns = 0;
  int64_t last_due_s = 0;  // the scheduled time that was run last, or skipped; 0: none
  std::string running;     // id of the run under way, or empty
};

enum class RunState : uint8_t { listing, scanning, done, stopped };
const char* to_string(RunState state);

/// A run is a batch: its id is that of the batch that its scans are in.
struct RunRecord {
  std::string run_id, sweep, tenant;
  Spec spec;                  // as it was then
  std::string rules_version;  // in force when it began
  std::string why;            // "schedule", "by hand"
  RunState state = RunState::listing;
  int64_t started_ns = 0, listed_ns = 0, ended_ns = 0;
  std::optional<int64_t> deadline_s;
  std::vector<std::string> trouble;  // of whole sources, in words; at most kMaxTrouble
  bool listed_all = false;           // every source named all its repositories
};

enum class Outcome : uint8_t {
  submitted,    // a scan of this run
  known,        // scanned before with this profile and these rules: `scan_id` is that scan
  rescored,     // scanned before, and its trace scored again by these rules: likewise
  same,         // another tag or repository of this run has the same image: `scan_id` is its scan
  not_reached,  // `reason` says why
  failed        // it could not be resolved: `reason`
};
const char* to_string(Outcome outcome);

/// One image of a run: a tag's manifest for one platform and persona.
struct Item {
  std::string tag, digest, platform;
  Persona persona = Persona::bare;
  int64_t pushed_ns = 0;
  Outcome outcome = Outcome::submitted;
  std::string scan_id, reason;
  std::string was_verdict;  // of `rescored`: what it was before; empty: not known
};

enum class RepositoryState : uint8_t { waiting, done, failed, not_reached };
const char* to_string(RepositoryState state);

struct RepositoryRecord {
  std::string host, name;
  size_t source = 0;  // index into the spec's
  RepositoryState state = RepositoryState::waiting;
  std::string reason;  // failed and not reached
  uint64_t left_out = 0, undated = 0;
  std::vector<Item> items;
};

// Keys: "s/NAME", "r/NAME/RUN_ID", "p/RUN_ID/HOST/REPOSITORY".
StoreOp put(const SweepRecord& record);
StoreOp put(const RunRecord& record);
StoreOp put(const std::string& run_id, const RepositoryRecord& record);
StoreOp remove_sweep(const std::string& name);
/// Its record and those of its repositories.
std::vector<StoreOp> remove_run(const std::string& sweep, const std::string& run_id);

/// Reads; any thread. Errc::not_found names the sweep or run; corrupt what cannot be read.
class Records {
 public:
  explicit Records(const Store& store) : store_(store) {}  // borrowed
  Result<SweepRecord> sweep(const std::string& name) const;
  Status each_sweep(const std::function<bool(const SweepRecord&)>& visit) const;
  Result<RunRecord> run(const std::string& sweep, const std::string& run_id) const;
  /// Newest first.
  Status each_run(const std::string& sweep, const std::function<bool(const RunRecord&)>& visit) const;
  Result<RepositoryRecord> repository(const std::string& run_id, const std::string& host,
                                      const std::string& name) const;
  Status each_repository(const std::string& run_id,
                         const std::function<bool(const RepositoryRecord&)>& visit) const;

 private:
  const Store& store_;
};

}  // namespace assay::sweeps
