// The index of what scans are found by, and a report that takes another's place in it. What is in the index
// follows from the list that each scan keeps, so that exactly that can be taken from it again.
#include <algorithm>

#include "scheduler/image_name.h"
#include "scheduler/keep.h"
#include "scheduler/keep_keys.h"
#include "scheduler/scan_codec.h"
#include "scheduler/terms.h"

namespace assay {

using namespace keep_keys;

std::set<std::string> keep_keys::index_keys(const std::string& scan_id, const Traits& traits) {
  std::set<std::string> keys;
  for (const Trait& trait : traits)
    for (const std::string& term : terms_of(trait))
      if (!term.empty()) keys.insert(index_key(trait.kind, term, scan_id));
  return keys;
}

void keep_keys::put_report(StoreBatch& batch, const ScanRecord& record, std::string_view report_json,
                           const Traits& traits) {
  batch.ops.push_back({Family::reports, record.scan_id + kReport, std::string(report_json)});
  put_traits(batch, record, traits);
}

void keep_keys::put_traits(StoreBatch& batch, const ScanRecord& record, const Traits& traits) {
  Traits all = traits;
  for (Trait& trait : name_traits(record.submission)) {
    auto at = std::upper_bound(all.begin(), all.end(), trait);
    all.insert(at, std::move(trait));
  }
  for (const std::string& key : index_keys(record.scan_id, all))
    batch.ops.push_back({Family::index, key, ""});
  batch.ops.push_back({Family::reports, record.scan_id + kTraits, encode_traits(all)});
}

void keep_keys::remove_traits(StoreBatch& batch, const std::string& scan_id, const Traits& traits) {
  for (const std::string& key : index_keys(scan_id, traits))
    batch.ops.push_back({Family::index, key, "", true});
  batch.ops.push_back({Family::reports, scan_id + kTraits, "", true});
}

StoreBatch Keep::rescored(const ScanRecord& before, const ScanRecord& after, std::string_view report_json,
                          const Traits& old_traits, const Traits& traits) {
  assert(before.scan_id == after.scan_id && after.state == ScanState::done && after.same_as.empty());
  StoreBatch out{{{Family::scans, before.scan_id, encode_scan(before)}}, {}};
  out.ops.push_back({Family::scans, after.scan_id, encode_scan(after)});
  remove_traits(out, after.scan_id, old_traits);
  put_report(out, after, report_json, traits);
  return out;
}

StoreBatch Keep::corrected(const ScanRecord& before, const ScanRecord& after) {
  assert(before.scan_id == after.scan_id && after.state == ScanState::done && !after.same_as.empty());
  return {{{Family::scans, before.scan_id, encode_scan(before)}},
          {{Family::scans, after.scan_id, encode_scan(after)}}};
}

Result<StoreBatch> Keep::expecting_kept(StoreBatch batch) const {
  for (Precondition& expected : batch.expect) {
    if (expected.family != Family::scans || !expected.value) continue;
    ASSAY_TRY(std::string kept, store_.get(Family::scans, expected.key));
    auto record = decode_scan(kept);
    if (record && encode_scan(*record) == *expected.value) expected.value = std::move(kept);
  }
  return batch;
}

StoreBatch Keep::indexed(const ScanRecord& record, const Traits& traits,
                         const std::optional<Traits>& old_traits) {
  assert(is_scan_id(record.scan_id));
  std::string key = record.scan_id + kTraits;
  if (!old_traits) {
    StoreBatch out{{{Family::reports, key, std::nullopt}}, {}};
    put_traits(out, record, traits);
    return out;
  }
  StoreBatch out{{{Family::reports, key, encode_traits(*old_traits)}}, {}};
  remove_traits(out, record.scan_id, *old_traits);
  put_traits(out, record, traits);
  return out;
}

StoreBatch Keep::all_indexed() { return {{}, {{Family::index, kAllIndexed, kIndexKinds}}}; }

Result<bool> Keep::knows_all() const {
  auto mark = store_.get(Family::index, kAllIndexed);
  if (!mark && mark.error().code != Errc::not_found) return mark.error();
  return mark && *mark == kIndexKinds;
}

Result<bool> Keep::is_indexed(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  auto list = store_.get(Family::reports, scan_id + kTraits);
  if (!list && list.error().code != Errc::not_found) return list.error().context("scan " + scan_id);
  return static_cast<bool>(list);
}

Result<Traits> Keep::traits(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  auto bytes = store_.get(Family::reports, scan_id + kTraits);
  if (!bytes && bytes.error().code == Errc::not_found) return Traits();
  if (!bytes) return bytes.error().context("scan " + scan_id);
  return decode_traits(*bytes).context("scan " + scan_id);
}

Status Keep::each_found(TraitKind kind, const std::string& term,
                        const std::function<bool(const std::string&)>& visit,
                        const std::string& start) const {
  if (!start.empty()) ASSAY_CHECK(check_id(start));
  std::string prefix = index_key(kind, term, "");
  return store_.scan(
      Family::index, prefix, true,
      [&](std::string_view key, std::string_view) { return visit(std::string(key.substr(prefix.size()))); },
      start.empty() ? "" : prefix + start);
}

}  // namespace assay
