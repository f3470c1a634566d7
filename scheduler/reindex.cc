// From reports to the index, in groups of one synced write each.
#include "scheduler/reindex.h"

#include <vector>

#include "common/text.h"
#include "scheduler/keep.h"
#include "scheduler/score/report.h"
#include "scheduler/traits.h"

namespace assay {
namespace {

constexpr size_t kGroup = 200;

// What the scan is to be found by; nothing where it has its place, or no report of its own.
Result<std::optional<StoreBatch>> place_of(const Keep& keep, const std::string& scan_id) {
  ASSAY_TRY(bool indexed, keep.is_indexed(scan_id));
  if (indexed) return std::optional<StoreBatch>();
  auto json = keep.report(scan_id);
  if (!json && json.error().code == Errc::not_found) return std::optional<StoreBatch>();
  if (!json) return json.error();
  auto report = parse_report(*json);
  if (!report) return report.error().context("scan " + scan_id);
  return std::optional(Keep::indexed(scan_id, traits_of(*report)));
}

Status write(Store& store, std::vector<StoreBatch>& group) {
  ASSAY_TRY(std::vector<Status> done, store.commit(group));
  for (const Status& one : done) ASSAY_CHECK(one);
  group.clear();
  return Status();
}

}  // namespace

Result<Reindexed> reindex(Store& store) {
  Keep keep(store);
  Reindexed out;
  std::vector<std::string> ids;
  auto fail = [&](const Error& error) {
    if (out.unreadable++ == 0) out.first_error = printable(error.what);
  };
  Status all = keep.each_scan([&](const ScanRecord& record) {
    ++out.scans;
    if (record.state == ScanState::done && record.same_as.empty()) ids.push_back(record.scan_id);
    return true;
  });
  if (!all && all.error().code != Errc::corrupt) return all.error();
  if (!all) fail(all.error());
  std::vector<StoreBatch> group;
  for (const std::string& id : ids) {
    auto place = place_of(keep, id);
    if (!place && place.error().code != Errc::corrupt) return place.error();
    if (!place) fail(place.error());
    if (!place || !*place) continue;
    ++out.added;
    group.push_back(std::move(**place));
    if (group.size() == kGroup) ASSAY_CHECK(write(store, group));
  }
  group.push_back(Keep::all_indexed());
  ASSAY_CHECK(write(store, group));
  return out;
}

}  // namespace assay
