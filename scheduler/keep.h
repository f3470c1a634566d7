// keep: what is kept of a scan, and under which keys (docs/store.md). Typed records over the store; no
// policy.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/job.h"
#include "common/trace.h"
#include "scheduler/store.h"

namespace assay {

enum class ScanState : uint8_t { queued = 0, leased = 1, shipped = 2, done = 3, failed = 4, cancelled = 5 };
const char* to_string(ScanState state);

/// One scan, as `assay list` shows it.
struct ScanRecord {
  std::string scan_id;
  Job job;
  ScanState state = ScanState::queued;
  uint32_t attempt = 0;
  int64_t submitted_ns = 0, finished_ns = 0;  // wall clock
  std::string digest;                         // of the image, once known
  std::string verdict;                        // once scored
  int32_t score = 0;
  std::string error;  // why it failed
};

class Keep {
 public:
  explicit Keep(Store& store) : store_(store) {}  // borrowed

  Status put_scan(const ScanRecord& record);
  Result<ScanRecord> scan(const std::string& scan_id) const;
  /// Newest first.
  Status each_scan(const std::function<bool(const ScanRecord&)>& visit) const;

  /// A chunk may come twice (a retry): the second replaces the first.
  Status put_chunk(const std::string& scan_id, uint32_t attempt, uint32_t index, std::string_view bytes);
  /// Header and footer; from then on the trace is whole. One batch with the record.
  Status put_trace_end(const ScanRecord& record, const TraceHeader& header, const TraceFooter& footer);
  Result<TraceHeader> header(const std::string& scan_id) const;
  Result<TraceFooter> footer(const std::string& scan_id) const;
  /// Every event of the scan's kept attempt, in order. Errc::corrupt when a chunk is missing or damaged.
  Status each_event(const std::string& scan_id, const std::function<void(const Event&)>& visit) const;

  /// The report and the record that says done, in one batch, with the index by digest.
  Status put_report(const ScanRecord& record, std::string_view report_json);
  Result<std::string> report(const std::string& scan_id) const;
  /// Scan ids of a digest, newest first.
  Result<std::vector<std::string>> scans_of(const std::string& digest) const;

 private:
  Store& store_;
};

}  // namespace assay
