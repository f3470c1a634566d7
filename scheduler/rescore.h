// rescore: stored traces evaluated again with other rules than those of their reports; what would be
// otherwise, and, where that is wanted, the new result in the old one's place. Decides nothing about when: a
// reload of rules changes no kept verdict by itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/keep.h"
#include "scheduler/scan_filter.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"

namespace assay {

struct RescoreSide {
  std::string verdict;
  int32_t score = 0;
  std::string rules;  // version of the set; empty: not known
};

/// Why a verdict is another: a finding that came or went.
struct RescoreReason {
  std::string rule_id, title, level;
};

struct RescoreChange {
  RescoreSide before, after;
  std::vector<RescoreReason> added, removed;  // in the order of their reports: heaviest first

  bool of_verdict() const { return before.verdict != after.verdict; }
  /// Of verdict, score or findings.
  bool any() const {
    return of_verdict() || before.score != after.score || !added.empty() || !removed.empty();
  }
};

/// Two reports of one trace. Pure; texts are as printable as the reports'.
RescoreChange compare(const Report& before, const Report& after);
/// {"scan_id", "before": {"verdict", "score", "rules"}, "after": {likewise}, "added": [{"rule_id", "title",
/// "level"}], "removed": [likewise], "applied"}: one line. docs/openapi.yaml describes it.
std::string rescore_json(const std::string& scan_id, const RescoreChange& change, bool applied);

/// A trace evaluated again; nothing of it is kept yet.
struct Rescored {
  std::string scan_id;
  RescoreChange change;
  std::string report;
  uint64_t trace_bytes = 0;
  Traits traits;
};
/// `scan_id` has a trace of its own. Errc::not_found: it has none (any more); conflict: it is not done, or
/// shares another's result; corrupt: the trace is damaged. Reads; any thread may.
Result<Rescored> rescore(const Keep& keep, const std::string& scan_id, const RuleSet& rules);
/// Why a scan in this state is not rescored, as rescore() would say.
Status check_rescorable(const ScanRecord& record);

/// What puts it in the old one's place, for the scan and for all that share its result: one batch. Expects
/// that their records are as the store has them now. Empty when the store says the same already.
Result<StoreBatch> rescore_batch(const Keep& keep, const Rescored& rescored);

struct RescoreOptions {
  ScanFilter filter;
  std::vector<std::string> scan_ids;  // these alone, whatever the filter; empty: all that fit it
  unsigned threads = 1;
  bool all_changes = false;  // not of the verdict alone
  bool apply = false;        // of those that are told
};

struct RescoreCounts {
  uint64_t scans = 0, shared = 0, unfinished = 0;  // as in KeptTraces
  uint64_t pruned = 0;                             // without a trace: never changed
  uint64_t damaged = 0;                            // neither these
  uint64_t evaluated = 0, changed = 0, applied = 0;
  std::string first_damage, records_damage;
  bool stopped = false;
};

struct RescoreSink {
  /// A scan of which something would be otherwise, or now is; on the caller's thread, newest first.
  std::function<void(const ScanRecord& scan, const RescoreChange& change, bool applied)> changes;
  std::function<bool(const RescoreCounts& so_far, uint64_t traces)> goes_on;
};

/// All of them. `store` is written with apply alone. Errors: not_found for an id that is not known; those of
/// the store, with what was applied before standing.
Result<RescoreCounts> rescore_all(Store& store, const RuleSet& rules, const RescoreOptions& options,
                                  const RescoreSink& sink);

}  // namespace assay
