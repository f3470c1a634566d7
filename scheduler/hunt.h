// hunt: rules held against the stored traces of many scans, to learn which of them did what nobody asked for
// when they ran. Runs no image, writes nothing; works beside a scheduler, on a store opened read-only. What
// is printed of it is the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/keep.h"
#include "scheduler/scan_filter.h"
#include "scheduler/score/report.h"
#include "scheduler/score/rules.h"

namespace assay {

/// A trace in which a rule matched.
struct HuntMatch {
  ScanRecord scan;                   // the newest scan that fits the filter and has this trace
  std::vector<std::string> sharers;  // ids of the others, newest first
  std::vector<Finding> findings;     // as a report would have them, but not scored; in the order of the rules
};

struct HuntCounts {
  uint64_t scans = 0;       // that fit the filter
  uint64_t shared = 0;      // of them: with the trace of another, which is looked through once
  uint64_t unfinished = 0;  // of them: not done, so that there is no trace
  uint64_t pruned = 0;      // traces that retention took, or that were never whole
  uint64_t damaged = 0;     // traces that cannot be read
  uint64_t looked = 0;      // traces looked through
  uint64_t matched = 0;     // of them: with a match
  uint64_t events = 0;      // read
  uint64_t bytes = 0;       // of their chunks, as kept
  std::string first_damage;
  std::string records_damage;  // scans whose records cannot be read are not known to fit: the first error
  bool stopped = false;        // before the last one: by the limit, or because it was told to
};

struct HuntOptions {
  ScanFilter filter;
  unsigned threads = 1;
  uint64_t limit = 0;  // matching traces after which it ends; 0: none
  std::set<std::string>
      rule_ids;  // whose findings count: a set may hold others that these refer to; empty: all
};

/// Both run on the caller's thread.
struct HuntSink {
  std::function<void(const HuntMatch&)> found;  // newest first
  /// Of `traces`, so many are done; false ends the hunt.
  std::function<bool(const HuntCounts& so_far, uint64_t traces)> goes_on;
};

/// Errc::io or so when the store itself fails; a damaged trace or record is counted and hides no other.
Result<HuntCounts> hunt(const Keep& keep, const RuleSet& rules, const HuntOptions& options,
                        const HuntSink& sink);

}  // namespace assay
