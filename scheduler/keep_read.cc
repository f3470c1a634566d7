// What is kept, read back. Nothing here writes; any thread may read.
#include <charconv>

#include "common/codec.h"
#include "common/codec_counted.h"
#include "common/digest.h"
#include "scheduler/keep.h"
#include "scheduler/keep_keys.h"
#include "scheduler/scan_codec.h"

namespace assay {

using namespace keep_keys;

namespace {

Error no_scan(const Error& error, const std::string& scan_id, const char* what) {
  if (error.code != Errc::not_found) return error.context("scan " + scan_id);
  return {Errc::not_found, "scan " + scan_id + " " + what};
}

// The record that an entry of the index of open scans speaks of; nothing when it ended meanwhile.
Result<std::optional<ScanRecord>> open_scan(const Store& store, const std::string& scan_id,
                                            std::string_view fence) {
  auto bytes = store.get(Family::scans, scan_id);
  if (!bytes) return no_scan(bytes.error(), scan_id, "has no record").context("index of open scans");
  auto record = decode_scan(*bytes);
  if (!record) return record.error().context("scan " + scan_id);
  if (encode_open(record->state, record->attempt, record->agent) == fence)
    return std::optional(std::move(*record));
  // It may have moved on since the index was read.
  auto now = store.get(Family::open, scan_id);
  if (!now && now.error().code == Errc::not_found) return std::optional<ScanRecord>();
  if (now && encode_open(record->state, record->attempt, record->agent) == *now)
    return std::optional(std::move(*record));
  return Error{Errc::corrupt, "scan " + scan_id + ": its record and the index of open scans disagree"};
}

}  // namespace

Result<ScanRecord> Keep::scan(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  auto bytes = store_.get(Family::scans, scan_id);
  if (!bytes) return no_scan(bytes.error(), scan_id, "is not known here; `assay list` shows what is");
  return decode_scan(*bytes).context("scan " + scan_id);
}

Status Keep::each_scan(const std::function<bool(const ScanRecord&)>& visit, const std::string& start) const {
  if (!start.empty()) ASSAY_CHECK(check_id(start));
  Status damaged;
  // One damaged record does not hide the others; it is told at the end.
  ASSAY_CHECK(store_.scan(
      Family::scans, "", true,
      [&](std::string_view key, std::string_view value) {
        auto record = decode_scan(value);
        if (record) return visit(*record);
        if (damaged) damaged = record.error().context("scan " + printable(key, 64));
        return true;
      },
      start));
  return damaged;
}

Result<Keep::Opened> Keep::each_open(const std::function<void(ScanRecord)>& visit) const {
  Opened opened;
  Status failed;
  ASSAY_CHECK(store_.scan(Family::open, "", false, [&](std::string_view key, std::string_view fence) {
    if (key == kLayoutKey) return true;
    auto record = open_scan(store_, std::string(key), fence);
    if (record && *record) visit(std::move(**record));
    if (record) return true;
    if (record.error().code == Errc::io) return failed = record.error(), false;
    if (opened.unreadable++ == 0) opened.first_error = printable(record.error().what);
    return true;
  }));
  ASSAY_CHECK(failed);
  return opened;
}

Result<std::string> Keep::sealed_login(const std::string& scan_id) const {
  ASSAY_CHECK(check_id(scan_id));
  return store_.get(Family::logins, scan_id);
}

Result<bool> Keep::any_login() const {
  bool any = false;
  ASSAY_CHECK(store_.scan(Family::logins, "", false, [&](std::string_view, std::string_view) {
    any = true;
    return false;
  }));
  return any;
}

Result<std::string> Keep::owner(const std::string& scan_id) const {
  ASSAY_TRY(ScanRecord record, scan(scan_id));
  if (record.same_as.empty()) return scan_id;
  auto shared = scan(record.same_as);
  if (!shared) return Error{Errc::corrupt, "scan " + scan_id + " shares a result: " + shared.error().what};
  if (!shared->same_as.empty())
    return Error{Errc::corrupt, "scan " + scan_id + " shares the result of scan " + record.same_as +
                                    ", which has none of its own"};
  return record.same_as;
}

Result<TraceHeader> Keep::header(const std::string& scan_id) const {
  ASSAY_TRY(std::string own, owner(scan_id));
  auto bytes = store_.get(Family::reports, own + kHeader);
  if (!bytes) return missing(own, kReportPruned, no_scan(bytes.error(), own, "has no whole trace"));
  return decode_header(*bytes).context("scan " + own);
}

Result<TraceFooter> Keep::footer(const std::string& scan_id) const {
  ASSAY_TRY(std::string own, owner(scan_id));
  auto bytes = store_.get(Family::reports, own + kFooter);
  if (!bytes) return missing(own, kReportPruned, no_scan(bytes.error(), own, "has no whole trace"));
  return decode_footer(*bytes).context("scan " + own);
}

Status Keep::each_event(const std::string& scan_id, const std::function<void(const Event&)>& visit,
                        uint64_t* bytes) const {
  ASSAY_TRY(std::string own, owner(scan_id));
  ASSAY_TRY(TraceHeader kept, header(own));
  ASSAY_TRY(TraceFooter end, footer(own));
  std::string prefix = attempt_key(own, kept.attempt);
  uint32_t chunks = 0;
  uint64_t events = 0, size = 0;
  Status broken;
  ASSAY_CHECK(store_.scan(Family::chunks, prefix, false, [&](std::string_view key, std::string_view value) {
    if (chunks == end.chunks && end.artifact_chunks > 0) return false;  // what follows is no trace
    if (key.size() != prefix.size() + 4 || get_be32(key.substr(prefix.size())) != chunks) {
      broken = Error{Errc::corrupt, "scan " + own + ": chunk " + std::to_string(chunks) + " is missing"};
      return false;
    }
    auto decoded = decode_counted_chunk(value);
    if (!decoded) {
      broken = decoded.error().context("scan " + own + ", chunk " + std::to_string(chunks));
      return false;
    }
    for (const Event& event : decoded->events) visit(event);
    events += decoded->all;
    size += value.size();
    ++chunks;
    return true;
  }));
  if (!broken) return missing(own, kTracePruned, broken.error());
  if (chunks != end.chunks || events != end.events)
    return missing(own, kTracePruned,
                   {Errc::corrupt, "scan " + own + ": holds " + std::to_string(chunks) + " chunks with " +
                                       std::to_string(events) + " events; its footer says " +
                                       std::to_string(end.chunks) + " with " + std::to_string(end.events)});
  if (bytes != nullptr) *bytes = size;
  return Status();
}

Status Keep::artifacts(const std::string& scan_id, const std::function<bool(std::string_view)>& visit) const {
  ASSAY_TRY(std::string own, owner(scan_id));
  ASSAY_TRY(TraceHeader kept, header(own));
  ASSAY_TRY(TraceFooter end, footer(own));
  if (end.artifact_chunks == 0)
    return Error{Errc::not_found,
                 "scan " + scan_id + " has kept no files" +
                     (end.artifacts_left_out == 0
                          ? ""
                          : ": " + std::to_string(end.artifacts_left_out) + " were beyond its bounds")};
  for (uint32_t i = 0; i < end.artifact_chunks; ++i) {
    std::string at = "scan " + own + ", piece " + std::to_string(i) + " of its artifacts";
    std::string key = chunk_key(own, kept.attempt, end.chunks + i);
    auto bytes = store_.get(Family::artifacts, key);
    // Until it had a family of its own, the archive stood behind the trace.
    if (!bytes && bytes.error().code == Errc::not_found) bytes = store_.get(Family::chunks, key);
    if (!bytes && bytes.error().code == Errc::not_found)
      return missing(own, kArtifactsPruned, {Errc::corrupt, at + " is missing"});
    if (!bytes) return bytes.error().context(at);
    auto piece = decode_artifact_piece(*bytes);
    if (!piece) return piece.error().context(at);
    if (!visit(*piece)) return Status();
  }
  return Status();
}

Result<std::string> Keep::report(const std::string& scan_id) const {
  ASSAY_TRY(std::string own, owner(scan_id));
  auto bytes = store_.get(Family::reports, own + kReport);
  if (!bytes) return missing(own, kReportPruned, no_scan(bytes.error(), own, "has no report"));
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

Status Keep::each_of(const std::string& digest, const std::function<bool(const std::string&)>& visit) const {
  ASSAY_TRY(Digest parsed, Digest::parse(digest));
  std::string prefix = digest_key(parsed.str(), "");
  return store_.scan(Family::digests, prefix, false, [&](std::string_view key, std::string_view) {
    return visit(std::string(key.substr(prefix.size())));
  });
}

Result<std::string> Keep::once(const Submission& submission) const {
  return store_.get(Family::once, once_key(submission));
}

Result<BatchRecord> Keep::batch(const std::string& batch_id) const {
  if (!is_scan_id(batch_id)) return Error{Errc::invalid, "'" + printable(batch_id, 64) + "' is no batch id"};
  auto bytes = store_.get(Family::batches, batch_id);
  if (!bytes && bytes.error().code == Errc::not_found)
    return Error{Errc::not_found, "batch " + batch_id + " is not known here"};
  if (!bytes) return bytes.error();
  return decode_batch(*bytes).context("batch " + batch_id);
}

Status Keep::each_batch(const std::function<bool(const BatchRecord&)>& visit) const {
  Status damaged;
  ASSAY_CHECK(store_.scan(Family::batches, "", true, [&](std::string_view key, std::string_view value) {
    auto record = decode_batch(value);
    if (record) return visit(*record);
    if (damaged) damaged = record.error().context("batch " + printable(key, 64));
    return true;
  }));
  return damaged;
}

Status Keep::each_member(const std::string& batch_id,
                         const std::function<bool(const std::string&)>& visit) const {
  if (!is_scan_id(batch_id)) return Error{Errc::invalid, "'" + printable(batch_id, 64) + "' is no batch id"};
  return store_.scan(Family::members, batch_id, false, [&](std::string_view key, std::string_view) {
    return visit(std::string(key.substr(batch_id.size())));
  });
}

Result<std::string> Keep::result(const std::string& result_key) const {
  auto scan_id = store_.get(Family::results, result_key);
  if (!scan_id && scan_id.error().code == Errc::not_found)
    return Error{Errc::not_found, "no result of " + printable(result_key)};
  return scan_id;
}

Result<uint32_t> Keep::format() const {
  auto layout = store_.get(Family::open, kLayoutKey);
  if (layout) {
    uint32_t format = 0;
    auto [stop, error] = std::from_chars(layout->data(), layout->data() + layout->size(), format);
    bool number = error == std::errc() && stop == layout->data() + layout->size();
    return number ? format : UINT32_MAX;
  }
  if (layout.error().code != Errc::not_found) return layout.error();
  bool empty = true;
  ASSAY_CHECK(store_.scan(Family::scans, "", false, [&](std::string_view, std::string_view) {
    empty = false;
    return false;
  }));
  return empty ? kStoreFormat : 1;
}

Status Keep::each_agent_mode(
    const std::function<bool(const std::string& agent, const std::string& mode)>& visit) const {
  return store_.scan(Family::agents, "", false, [&](std::string_view agent, std::string_view mode) {
    return visit(std::string(agent), std::string(mode));
  });
}

}  // namespace assay
