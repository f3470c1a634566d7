// A trace as a file, coming and going: what is kept of one that was made elsewhere, and chunks as they lie.
#include "common/codec.h"
#include "common/codec_frame.h"
#include "common/digest.h"
#include "scheduler/keep.h"
#include "scheduler/keep_keys.h"
#include "scheduler/scan_codec.h"

namespace assay {

using namespace keep_keys;

namespace {

Precondition nothing_of(const std::string& scan_id) { return {Family::scans, scan_id, std::nullopt}; }

}  // namespace

StoreBatch Keep::import_begun(const std::string& scan_id) {
  assert(is_scan_id(scan_id));
  StoreBatch out{{nothing_of(scan_id)}, {}};
  // The end lies beyond every key of this scan, and below every other's.
  for (Family family : {Family::chunks, Family::artifacts})
    out.ops.push_back({family, attempt_key(scan_id, 0), "", true, attempt_key(scan_id, UINT32_MAX) + "\xff"});
  return out;
}

StoreBatch Keep::import_chunk(const ScanRecord& record, uint32_t index, std::string_view bytes) {
  assert(is_scan_id(record.scan_id) && bytes.size() <= kMaxChunkBytes);
  Family family = is_frame_of(FrameType::artifact, bytes) ? Family::artifacts : Family::chunks;
  return {{nothing_of(record.scan_id)},
          {{family, chunk_key(record.scan_id, record.attempt, index), std::string(bytes)}}};
}

StoreBatch Keep::imported(const ScanRecord& record, std::string_view header, std::string_view footer,
                          std::string_view report_json, const Traits& traits) {
  assert(is_scan_id(record.scan_id) && record.state == ScanState::done && record.same_as.empty());
  StoreBatch out{{nothing_of(record.scan_id)}, {{Family::scans, record.scan_id, encode_scan(record)}}};
  out.ops.push_back({Family::reports, record.scan_id + kHeader, std::string(header)});
  out.ops.push_back({Family::reports, record.scan_id + kFooter, std::string(footer)});
  put_report(out, record, report_json, traits);
  // Found by its digest, but in no `results`: whoever made the file could have made its verdict.
  if (auto digest = Digest::parse(record.digest))
    out.ops.push_back({Family::digests, digest_key(digest->str(), record.scan_id), ""});
  return out;
}

Result<KeptTrace> Keep::kept_trace(const std::string& scan_id) const {
  KeptTrace out;
  ASSAY_TRY(out.scan_id, owner(scan_id));
  ASSAY_TRY(ScanRecord record, scan(out.scan_id));
  if (record.pruned & kTracePruned)
    return Error{Errc::not_found, "the trace of scan " + out.scan_id + " is kept no more"};
  ASSAY_TRY(TraceHeader header, this->header(out.scan_id));
  ASSAY_TRY(out.footer, footer(out.scan_id));
  out.attempt = header.attempt;
  ASSAY_TRY(out.header_bytes, store_.get(Family::reports, out.scan_id + kHeader));
  ASSAY_TRY(out.footer_bytes, store_.get(Family::reports, out.scan_id + kFooter));
  return out;
}

Status Keep::each_chunk(const KeptTrace& trace, uint32_t from, uint32_t count,
                        const std::function<Status(std::string_view framed)>& visit) const {
  for (uint32_t i = from; i < from + count; ++i) {
    std::string at = "scan " + trace.scan_id + ": chunk " + std::to_string(i);
    std::string key = chunk_key(trace.scan_id, trace.attempt, i);
    bool piece = i >= trace.footer.chunks;
    auto bytes = store_.get(piece ? Family::artifacts : Family::chunks, key);
    // Until it had a family of its own, the archive stood behind the trace.
    if (piece && !bytes && bytes.error().code == Errc::not_found) bytes = store_.get(Family::chunks, key);
    if (!bytes && bytes.error().code == Errc::not_found) return Error{Errc::corrupt, at + " is missing"};
    if (!bytes) return bytes.error().context(at);
    ASSAY_CHECK(visit(*bytes));
  }
  return Status();
}

}  // namespace assay
