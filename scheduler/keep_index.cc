// The index of what scans are found by, and a report that takes another's place in it.
#include "scheduler/keep.h"
#include "scheduler/keep_keys.h"
#include "scheduler/scan_codec.h"

namespace assay {

using namespace keep_keys;

namespace {

void put_traits(StoreBatch& batch, const std::string& scan_id, const Traits& traits) {
  for (const Trait& trait : traits)
    batch.ops.push_back(
        {Family::index, index_key(trait, scan_id), std::string(1, static_cast<char>(trait.role))});
  batch.ops.push_back({Family::reports, scan_id + kTraits, encode_traits(traits)});
}

}  // namespace

void keep_keys::put_report(StoreBatch& batch, const std::string& scan_id, std::string_view report_json,
                           const Traits& traits) {
  batch.ops.push_back({Family::reports, scan_id + kReport, std::string(report_json)});
  put_traits(batch, scan_id, traits);
}

void keep_keys::remove_traits(StoreBatch& batch, const std::string& scan_id, const Traits& traits) {
  for (const Trait& trait : traits) batch.ops.push_back({Family::index, index_key(trait, scan_id), "", true});
  batch.ops.push_back({Family::reports, scan_id + kTraits, "", true});
}

StoreBatch Keep::rescored(const ScanRecord& before, const ScanRecord& after, std::string_view report_json,
                          const Traits& old_traits, const Traits& traits) {
  assert(before.scan_id == after.scan_id && after.state == ScanState::done && after.same_as.empty());
  StoreBatch out{{{Family::scans, before.scan_id, encode_scan(before)}}, {}};
  out.ops.push_back({Family::scans, after.scan_id, encode_scan(after)});
  remove_traits(out, after.scan_id, old_traits);
  put_report(out, after.scan_id, report_json, traits);
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

Result<Traits> Keep::traits(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  auto bytes = store_.get(Family::reports, scan_id + kTraits);
  if (!bytes && bytes.error().code == Errc::not_found) return Traits();
  if (!bytes) return bytes.error().context("scan " + scan_id);
  return decode_traits(*bytes).context("scan " + scan_id);
}

}  // namespace assay
