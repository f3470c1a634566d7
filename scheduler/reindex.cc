// From reports to the index, in groups of one synced write each.
#include "scheduler/reindex.h"

#include <algorithm>
#include <vector>

#include "common/text.h"
#include "scheduler/image_name.h"
#include "scheduler/keep.h"
#include "scheduler/score/report.h"
#include "scheduler/traits.h"

namespace assay {
namespace {

constexpr size_t kGroup = 200;

// By what its report says it is found. Nothing where retention took that.
Result<std::optional<Traits>> reported_traits(const Keep& keep, const ScanRecord& record) {
  if (!record.same_as.empty()) return std::optional(Traits());  // by its name alone
  auto json = keep.report(record.scan_id);
  if (!json && json.error().code == Errc::not_found) return std::optional<Traits>();
  if (!json) return json.error();
  auto report = parse_report(*json);
  if (!report) return report.error().context("scan " + record.scan_id);
  return std::optional(traits_of(*report));
}

bool has_later_kinds(const Traits& traits) {
  return std::any_of(traits.begin(), traits.end(),
                     [](const Trait& trait) { return trait.kind >= TraitKind::repository; });
}

// What the scan is to be found by; nothing where it has its place, or no report.
Result<std::optional<StoreBatch>> place_of(const Keep& keep, const std::string& scan_id) {
  ASSAY_TRY(bool indexed, keep.is_indexed(scan_id));
  std::optional<Traits> old;
  if (indexed) {
    ASSAY_TRY(old, keep.traits(scan_id));
    if (has_later_kinds(*old)) return std::optional<StoreBatch>();
  }
  ASSAY_TRY(ScanRecord record, keep.scan(scan_id));
  if (record.pruned & kReportPruned) return std::optional<StoreBatch>();
  ASSAY_TRY(auto traits, reported_traits(keep, record));
  if (!traits) return std::optional<StoreBatch>();
  bool adds = !name_traits(record.submission).empty() || has_later_kinds(*traits);
  if (!adds && (indexed || !record.same_as.empty())) return std::optional<StoreBatch>();
  return std::optional(Keep::indexed(record, *traits, old));
}

Status write(Store& store, std::vector<StoreBatch>& group) {
  ASSAY_TRY(std::vector<Status> done, store.commit(group));
  for (const Status& one : done) ASSAY_CHECK(one);
  group.clear();
  return Status();
}

// `take` gets the change that gives a scan its place.
Result<Reindexed> each_place(const Keep& keep, const std::function<Status(StoreBatch)>& take) {
  Reindexed out;
  std::vector<std::string> ids;
  auto fail = [&](const Error& error) {
    if (out.unreadable++ == 0) out.first_error = printable(error.what);
  };
  Status all = keep.each_scan([&](const ScanRecord& record) {
    ++out.scans;
    if (record.state == ScanState::done) ids.push_back(record.scan_id);
    return true;
  });
  if (!all && all.error().code != Errc::corrupt) return all.error();
  if (!all) fail(all.error());
  for (const std::string& id : ids) {
    auto place = place_of(keep, id);
    if (!place && place.error().code != Errc::corrupt) return place.error();
    if (!place) fail(place.error());
    if (!place || !*place) continue;
    ++out.added;
    ASSAY_CHECK(take(std::move(**place)));
  }
  return out;
}

}  // namespace

Result<Reindexed> reindex(Store& store, const std::function<void()>& progress) {
  std::vector<StoreBatch> group;
  ASSAY_TRY(Reindexed out, each_place(Keep(store), [&](StoreBatch place) {
              group.push_back(std::move(place));
              if (group.size() < kGroup) return Status();
              if (progress) progress();
              return write(store, group);
            }));
  group.push_back(Keep::all_indexed());
  ASSAY_CHECK(write(store, group));
  return out;
}

Result<Reindexed> look_at_index(Store& store) {
  return each_place(Keep(store), [](const StoreBatch&) { return Status(); });
}

}  // namespace assay
