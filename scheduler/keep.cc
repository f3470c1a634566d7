// Typed records over ordered keys. The layout is documented in docs/store.md; it stands here once more as
// code and nowhere else.
#include "scheduler/keep.h"

#include "common/codec.h"
#include "common/digest.h"
#include "common/ids.h"
#include "common/text.h"
#include "scheduler/scan_codec.h"

namespace assay {
namespace {

void put_be32(std::string& key, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) key += static_cast<char>(value >> shift & 0xff);
}

uint32_t get_be32(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

std::string attempt_key(const std::string& scan_id, uint32_t attempt) {
  std::string key = scan_id;
  put_be32(key, attempt);
  return key;
}

std::string chunk_key(const std::string& scan_id, uint32_t attempt, uint32_t index) {
  std::string key = attempt_key(scan_id, attempt);
  put_be32(key, index);
  return key;
}

std::string digest_key(const std::string& digest, const std::string& scan_id) {
  return digest + "/" + scan_id;
}

// Ids have one length, so that no key is a prefix of another scan's.
Status check_id(const std::string& scan_id) {
  if (is_scan_id(scan_id)) return Status();
  return Error{Errc::invalid, "'" + printable(scan_id, 64) + "' is no scan id; `assay list` shows them"};
}

Error no_scan(const Error& error, const std::string& scan_id, const char* what) {
  if (error.code != Errc::not_found) return error.context("scan " + scan_id);
  return {Errc::not_found, "scan " + scan_id + " " + what};
}

StoreOp scan_op(const ScanRecord& record) { return {Family::scans, record.scan_id, encode_scan(record)}; }

}  // namespace

const char* to_string(ScanState state) {
  switch (state) {
    case ScanState::queued:
      return "queued";
    case ScanState::leased:
      return "leased";
    case ScanState::shipped:
      return "shipped";
    case ScanState::done:
      return "done";
    case ScanState::failed:
      return "failed";
    case ScanState::cancelled:
      return "cancelled";
  }
  return "unknown";
}

Status Keep::put_scan(const ScanRecord& record) {
  ASSAY_CHECK(check_id(record.scan_id));
  return store_.write({scan_op(record)});
}

Result<ScanRecord> Keep::scan(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  auto bytes = store_.get(Family::scans, scan_id);
  if (!bytes) return no_scan(bytes.error(), scan_id, "is not known here; `assay list` shows what is");
  return decode_scan(*bytes).context("scan " + scan_id);
}

Status Keep::each_scan(const std::function<bool(const ScanRecord&)>& visit) const {
  Status damaged;
  // One damaged record does not hide the others; it is told at the end.
  ASSAY_CHECK(store_.scan(Family::scans, "", true, [&](std::string_view key, std::string_view value) {
    auto record = decode_scan(value);
    if (record) return visit(*record);
    if (damaged) damaged = record.error().context("scan " + printable(key, 64));
    return true;
  }));
  return damaged;
}

Status Keep::put_chunk(const std::string& scan_id, uint32_t attempt, uint32_t index, std::string_view bytes) {
  ASSAY_CHECK(check_id(scan_id));
  if (bytes.size() > kMaxChunkBytes)
    return Error{Errc::limit, "a chunk of " + std::to_string(bytes.size()) + " bytes"};
  return store_.write({{Family::chunks, chunk_key(scan_id, attempt, index), std::string(bytes)}});
}

Status Keep::put_trace_end(const ScanRecord& record, const TraceHeader& header, const TraceFooter& footer) {
  ASSAY_CHECK(check_id(record.scan_id));
  std::vector<StoreOp> batch = {scan_op(record),
                                {Family::reports, record.scan_id + "/header", encode_header(header)},
                                {Family::reports, record.scan_id + "/footer", encode_footer(footer)}};
  // What earlier attempts shipped goes; theirs are the lower keys.
  std::string kept = attempt_key(record.scan_id, header.attempt);
  ASSAY_CHECK(store_.scan(Family::chunks, record.scan_id, false, [&](std::string_view key, std::string_view) {
    if (key >= kept) return false;
    batch.push_back({Family::chunks, std::string(key), "", true});
    return true;
  }));
  return store_.write(batch);
}

Result<TraceHeader> Keep::header(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  auto bytes = store_.get(Family::reports, scan_id + "/header");
  if (!bytes) return no_scan(bytes.error(), scan_id, "has no whole trace");
  return decode_header(*bytes).context("scan " + scan_id);
}

Result<TraceFooter> Keep::footer(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  auto bytes = store_.get(Family::reports, scan_id + "/footer");
  if (!bytes) return no_scan(bytes.error(), scan_id, "has no whole trace");
  return decode_footer(*bytes).context("scan " + scan_id);
}

Status Keep::each_event(const std::string& scan_id, const std::function<void(const Event&)>& visit) const {
  ASSAY_TRY(TraceHeader kept, header(scan_id));
  ASSAY_TRY(TraceFooter end, footer(scan_id));
  std::string prefix = attempt_key(scan_id, kept.attempt);
  uint32_t chunks = 0;
  uint64_t events = 0;
  Status broken;
  ASSAY_CHECK(store_.scan(Family::chunks, prefix, false, [&](std::string_view key, std::string_view value) {
    if (key.size() != prefix.size() + 4 || get_be32(key.substr(prefix.size())) != chunks) {
      broken = Error{Errc::corrupt, "scan " + scan_id + ": chunk " + std::to_string(chunks) + " is missing"};
      return false;
    }
    auto decoded = decode_chunk(value);
    if (!decoded) {
      broken = decoded.error().context("scan " + scan_id + ", chunk " + std::to_string(chunks));
      return false;
    }
    for (const Event& event : *decoded) visit(event);
    events += decoded->size();
    ++chunks;
    return true;
  }));
  ASSAY_CHECK(broken);
  if (chunks != end.chunks || events != end.events)
    return Error{Errc::corrupt, "scan " + scan_id + ": holds " + std::to_string(chunks) + " chunks with " +
                                    std::to_string(events) + " events; its footer says " +
                                    std::to_string(end.chunks) + " with " + std::to_string(end.events)};
  return Status();
}

Status Keep::put_report(const ScanRecord& record, std::string_view report_json) {
  ASSAY_CHECK(check_id(record.scan_id));
  std::vector<StoreOp> batch = {scan_op(record),
                                {Family::reports, record.scan_id + "/report", std::string(report_json)}};
  if (!record.digest.empty()) {
    ASSAY_TRY(Digest digest, Digest::parse(record.digest));
    batch.push_back({Family::digests, digest_key(digest.str(), record.scan_id), ""});
  }
  return store_.write(batch);
}

Result<std::string> Keep::report(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  auto bytes = store_.get(Family::reports, scan_id + "/report");
  if (!bytes) return no_scan(bytes.error(), scan_id, "has no report");
  return bytes;
}

Result<std::vector<std::string>> Keep::scans_of(const std::string& digest) const {
  ASSAY_TRY(Digest parsed, Digest::parse(digest));
  std::string prefix = digest_key(parsed.str(), "");
  std::vector<std::string> ids;
  ASSAY_CHECK(store_.scan(Family::digests, prefix, true, [&](std::string_view key, std::string_view) {
    ids.emplace_back(key.substr(prefix.size()));
    return true;
  }));
  return ids;
}

}  // namespace assay
