// What retention takes away, as changes; what reading says afterwards; and pins.
#include "common/codec.h"
#include "common/digest.h"
#include "scheduler/keep.h"
#include "scheduler/keep_keys.h"
#include "scheduler/scan_codec.h"

namespace assay {

using namespace keep_keys;

namespace {

// Behind every attempt and index of the scan, before the next scan.
std::string behind(const std::string& scan_id) { return scan_id + std::string(9, '\xff'); }

StoreOp remove_all(Family family, const std::string& scan_id) {
  return {family, scan_id, "", true, behind(scan_id)};
}

std::optional<std::string> key_for_equal_jobs(const ScanRecord& record) {
  auto digest = Digest::parse(record.digest);
  if (!digest || record.tracer_version.empty()) return std::nullopt;
  return result_key(digest->str(), record.submission.job, record.tracer_version);
}

StoreBatch change_of(const std::string& scan_id, const std::string& stored) {
  return {{{Family::scans, scan_id, stored}, {Family::open, scan_id, std::nullopt}}, {}};
}

void remove_report(StoreBatch& out, const Keep::Pruning& what) {
  const ScanRecord& before = what.before;
  for (const char* part : {kHeader, kFooter, kReport})
    out.ops.push_back({Family::reports, before.scan_id + part, "", true});
  remove_traits(out, before.scan_id, what.traits);
  auto key = key_for_equal_jobs(before);
  if (!what.reused || !key) return;
  out.expect.push_back({Family::results, *key, before.scan_id});
  out.ops.push_back({Family::results, *key, "", true});
}

void remove_record(StoreBatch& out, const ScanRecord& before) {
  out.ops.push_back({Family::scans, before.scan_id, "", true});
  if (!before.submission.batch.empty())
    out.ops.push_back({Family::members, before.submission.batch + before.scan_id, "", true});
  if (auto digest = Digest::parse(before.digest))
    out.ops.push_back({Family::digests, digest_key(digest->str(), before.scan_id), "", true});
  if (before.submission.once.empty()) return;
  // It names this scan as long as there is a record of it.
  std::string key = once_key(before.submission);
  out.expect.push_back({Family::once, key, before.scan_id});
  out.ops.push_back({Family::once, std::move(key), "", true});
}

}  // namespace

std::vector<std::string> pruned_words(uint8_t bits) {
  std::vector<std::string> out;
  if (bits & kArtifactsPruned) out.emplace_back("artifacts");
  if (bits & kTracePruned) out.emplace_back("trace");
  if (bits & kReportPruned) out.emplace_back("report");
  return out;
}

StoreBatch Keep::pruned(const Pruning& what) {
  const ScanRecord& before = what.before;
  bool record = what.take & kRecordPruned, report = record || what.take & kReportPruned;
  bool trace = report || what.take & kTracePruned, artifacts = report || what.take & kArtifactsPruned;
  StoreBatch out = change_of(before.scan_id, what.stored);
  out.makes_room = true;
  if (artifacts) out.ops.push_back(remove_all(Family::artifacts, before.scan_id));
  if (trace)
    out.ops.push_back(remove_all(Family::chunks, before.scan_id));
  else if (what.old_archive)
    out.ops.push_back({Family::chunks, what.old_archive->first, "", true, what.old_archive->second});
  if (report) remove_report(out, what);
  if (record) {
    remove_record(out, before);
    return out;
  }
  ScanRecord after = before;
  auto took = [&](bool gone, Pruned bit, uint64_t& bytes) {
    if (!gone) return;
    after.pruned = static_cast<uint8_t>(after.pruned | bit);
    bytes = 0;
  };
  took(artifacts, kArtifactsPruned, after.artifact_bytes);
  took(trace, kTracePruned, after.trace_bytes);
  took(report, kReportPruned, after.report_bytes);
  out.ops.push_back({Family::scans, after.scan_id, encode_scan(after)});
  return out;
}

Result<Keep::Pruning> Keep::prepare_prune(const std::string& scan_id, uint8_t take) const {
  ASSAY_CHECK(check_id(scan_id));
  Pruning out;
  out.take = take;
  ASSAY_TRY(out.stored, store_.get(Family::scans, scan_id));
  auto before = decode_scan(out.stored);
  if (!before) return before.error().context("scan " + scan_id);
  out.before = std::move(*before);
  // The archive of a scan that was kept before it had a family of its own.
  if (take == kArtifactsPruned && out.before.artifact_bytes == 0) {
    auto header = this->header(scan_id);
    auto footer = this->footer(scan_id);
    if (header && footer && footer->artifact_chunks > 0)
      out.old_archive.emplace(chunk_key(scan_id, header->attempt, footer->chunks), behind(scan_id));
  }
  if (!(take & (kReportPruned | kRecordPruned))) return out;
  ASSAY_TRY(out.traits, traits(scan_id));
  if (auto key = key_for_equal_jobs(out.before)) {
    auto newest = result(*key);
    if (!newest && newest.error().code != Errc::not_found) return newest.error();
    out.reused = newest && *newest == scan_id;
  }
  return out;
}

Result<StoreBatch> Keep::pruned_batch(const std::string& batch_id) const {
  ASSAY_CHECK(check_id(batch_id));
  auto there = store_.get(Family::batches, batch_id);
  if (!there) return there.error().context("batch " + batch_id);
  return StoreBatch{{{Family::batches, batch_id, *there}}, {{Family::batches, batch_id, "", true}}, true};
}

Result<StoreBatch> Keep::pinned(const std::string& scan_id, const std::string& reason) const {
  ASSAY_CHECK(check_id(scan_id));
  ASSAY_TRY(ScanRecord after, scan(scan_id));
  ASSAY_TRY(std::string stored, store_.get(Family::scans, scan_id));
  if (is_open(after.state))
    return Error{Errc::conflict, "scan " + scan_id + " has not ended: it is kept anyway; pin it then"};
  after.pinned = reason;
  StoreBatch out = change_of(scan_id, stored);
  out.ops.push_back({Family::scans, scan_id, encode_scan(after)});
  return out;
}

Result<uint64_t> Keep::artifact_bytes(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  uint64_t sum = 0;
  ASSAY_CHECK(store_.scan(Family::artifacts, scan_id, false, [&](std::string_view, std::string_view value) {
    sum += value.size();
    return true;
  }));
  return sum;
}

Error Keep::missing(const std::string& own, uint8_t what, const Error& otherwise) const {
  auto record = scan(own);
  if (!record || !(record->pruned & what)) return otherwise;
  const char* words = what == kArtifactsPruned ? "the artifacts"
                      : what == kTracePruned   ? "the trace"
                                               : "the report";
  return {Errc::not_found, std::string(words) + " of scan " + own + " " +
                               (what == kArtifactsPruned ? "were" : "was") + " taken away by retention" +
                               (record->pruned & kReportPruned ? "" : " (its report is still there)")};
}

}  // namespace assay
