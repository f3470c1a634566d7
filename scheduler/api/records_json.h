// records_json: scans, batches and notices as the API shows them (docs/api.md). Pure. Texts that came from
// outside are printable() in them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire.h"
#include "scheduler/keep.h"

namespace assay::api {

/// An object. `waits`: a JSON list of why it does not run, for an open scan; empty: not known, so left out.
std::string scan_json(const ScanRecord& record, const std::string& waits = "");
/// {"scans": [...], "next": id or null}
std::string scans_json(const std::vector<ScanRecord>& records, const std::string& next);
std::string notice_json(const wire::Notice& notice);
/// What would have been told when the scan came into this state.
wire::Notice notice_of(const ScanRecord& record);

inline constexpr size_t kMaxMissedShown = 1000;

/// How far a batch is, counted scan by scan.
struct BatchSummary {
  uint64_t total = 0, ended = 0;
  std::map<std::string, uint64_t> states, verdicts;
  uint64_t met = 0, missed = 0, open = 0;  // of the scans that expect something
  std::vector<ScanRecord> missed_scans;    // the first kMaxMissedShown

  void add(const ScanRecord& record);
};
/// Ended otherwise than expected: with another verdict, or with none.
bool missed_expectation(const ScanRecord& record);

/// Images in its manifest, or none when it does not say.
std::optional<uint64_t> manifest_images(const BatchRecord& record);
/// What a batch's record keeps: the images are in their scans.
std::string make_manifest(size_t images, const std::string& rerun_of, const std::string& only);

std::string batch_json(const BatchRecord& record, const BatchSummary& summary);
/// {"batches": [...], "next": id or null}, without the summaries.
std::string batches_json(const std::vector<BatchRecord>& records, const std::string& next);

}  // namespace assay::api
