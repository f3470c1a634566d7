// report: the morning report of a run: what is new and bad, what behaves otherwise than last time, what
// failed and why, what was not reached and why. Made of what is kept, again each time. The same store gives
// the same bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/keep.h"
#include "scheduler/score/behaviour.h"
#include "scheduler/sweeps/records.h"

namespace assay::sweeps {

inline constexpr size_t kMaxListed = 1000;     // of each kind; the rest is counted
inline constexpr size_t kMaxCompared = 2000;   // reports of images whose verdict is no worse; likewise
inline constexpr size_t kMaxEarlierRuns = 20;  // that are looked through for the last scan of a name
inline constexpr size_t kMaxReasons = 50;      // kinds of them; others are one more

struct ReportItem {
  std::string image;  // "registry.example/team/app:1.2"
  std::string digest, platform, persona, scan_id, verdict, reason;
  std::string kind;  // of the reason: what it shares with others
  int32_t score = 0;
  std::string headline;     // of the scan's report: what it did, one line
  std::string was_scan_id;  // of the same image name in the run before, or the last scan of it
  std::string was_verdict;
  std::optional<BehaviourDiff> changes;  // against that one, where the digest is another
};

template <class T>
struct Listed {
  std::vector<T> items;
  uint64_t more = 0;  // left out
  void add(T item) {
    if (items.size() < kMaxListed)
      items.push_back(std::move(item));
    else
      ++more;
  }
};

struct Report {
  RunRecord run;
  uint64_t repositories = 0, images = 0, scanned = 0, known = 0, rescored = 0, same = 0, open = 0;
  std::map<std::string, uint64_t> verdicts;
  /// Malicious (suspicious) now, and this image name was not in the run before.
  Listed<ReportItem> new_malicious, new_suspicious;
  Listed<ReportItem> still_malicious;
  Listed<ReportItem> changed;  // behaves otherwise, verdict no worse
  Listed<ReportItem> inconclusive;
  Listed<ReportItem> failed;       // scans that failed, and images that could not be resolved: with reason
  Listed<ReportItem> not_reached;  // images and repositories (without a tag): with reason
  std::map<std::string, uint64_t> failed_by_reason, not_reached_by_reason;  // by the reason's kind
  uint64_t undated = 0;
  uint64_t late = 0;  // of not_reached: for the deadline's sake
  uint64_t not_compared =
      0;                // another image than last time, but a report is kept no more, or there were too many
  uint64_t gone = 0;    // scans that are kept no more
  int64_t busy_ns = 0;  // that agents spent on the scans of this run
};

/// `previous`: the run before, if there was one that ended. Errors are the store's.
Result<Report> make_report(const Keep& keep, const Records& records, const RunRecord& run,
                           const std::optional<RunRecord>& previous);
/// {"schema": "assay.sweep-report/1", ...}
std::string report_json(const Report& report);
/// For people, at most `width` columns.
std::string report_text(const Report& report, size_t width);

}  // namespace assay::sweeps
