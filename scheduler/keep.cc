// Changes as batches. Each carries the fence as its precondition: the index of open scans must say what the
// caller believes.
#include "scheduler/keep.h"

#include "common/codec.h"
#include "common/codec_frame.h"
#include "common/digest.h"
#include "scheduler/keep_keys.h"
#include "scheduler/scan_codec.h"

namespace assay {

using namespace keep_keys;

namespace {

constexpr size_t kMaxDigestShown = 80;
constexpr size_t kMaxVersionShown = 64;

StoreOp scan_op(const ScanRecord& record) {
  assert(is_scan_id(record.scan_id));
  return {Family::scans, record.scan_id, encode_scan(record)};
}

std::string fence_of(const ScanRecord& record) {
  return encode_open(record.state, record.attempt, record.agent);
}

StoreOp open_op(const ScanRecord& record) {
  if (is_open(record.state)) return {Family::open, record.scan_id, fence_of(record)};
  return {Family::open, record.scan_id, "", true};
}

// The digest is an agent's word: what is none gets no entry.
void index_result(StoreBatch& batch, const ScanRecord& done) {
  auto digest = Digest::parse(done.digest);
  if (!digest) return;
  batch.ops.push_back({Family::digests, digest_key(digest->str(), done.scan_id), ""});
  if (!done.same_as.empty() || done.tracer_version.empty()) return;
  batch.ops.push_back(
      {Family::results, result_key(digest->str(), done.submission.job, done.tracer_version), done.scan_id});
}

Status check_header(const ScanRecord& after, const TraceHeader& header) {
  std::string of = "the header of scan " + after.scan_id + " ";
  if (header.scan_id != after.scan_id || header.attempt != after.attempt)
    return Error{Errc::invalid, of + "is of scan " + printable(header.scan_id, 64) + ", attempt " +
                                    std::to_string(header.attempt)};
  if (header.image.digest != after.digest)
    return Error{Errc::invalid, of + "is of image " + printable(header.image.digest, kMaxDigestShown)};
  if (header.tracer_version != after.tracer_version)
    return Error{Errc::invalid,
                 of + "is of tracer version " + printable(header.tracer_version, kMaxVersionShown)};
  return Status();
}

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

std::string result_key(const std::string& digest, const Job& job, const std::string& tracer_version) {
  return printable(digest, kMaxDigestShown) + "/" + to_string(job.network) + "/" +
         std::to_string(job.duration.count()) + "+" + std::to_string(job.extension.count()) + "ms/" +
         std::to_string(job.cpu_millis) + "/" + std::to_string(job.memory_bytes) + "/" +
         to_string(job.persona) + (job.provoke ? "" : "-still") + "/" +
         printable(tracer_version, kMaxVersionShown);
}

StoreBatch Keep::submitted(const ScanRecord& record, const std::string& sealed_login) {
  assert(is_open(record.state));
  StoreBatch out{{{Family::scans, record.scan_id, std::nullopt}}, {scan_op(record), open_op(record)}};
  if (const std::string& batch_id = record.submission.batch; !batch_id.empty()) {
    assert(is_scan_id(batch_id));
    out.ops.push_back({Family::members, batch_id + record.scan_id, ""});
  }
  if (!record.submission.once.empty()) {
    std::string key = once_key(record.submission);
    out.expect.push_back({Family::once, key, std::nullopt});
    out.ops.push_back({Family::once, std::move(key), record.scan_id});
  }
  if (!sealed_login.empty()) out.ops.push_back({Family::logins, record.scan_id, sealed_login});
  return out;
}

StoreBatch Keep::taken_before(const Submission& submission, const std::string& scan_id) {
  return {{{Family::once, once_key(submission), scan_id}}, {}};
}

StoreBatch Keep::moved(const ScanRecord& before, const ScanRecord& after) {
  assert(before.scan_id == after.scan_id && is_open(before.state));
  StoreBatch out{{{Family::open, before.scan_id, fence_of(before)}}, {scan_op(after), open_op(after)}};
  if (before.submission.own_login && may_be_leased(before.state) && !may_be_leased(after.state))
    out.ops.push_back({Family::logins, after.scan_id, "", true});
  if (after.state != ScanState::done) return out;
  index_result(out, after);
  if (!after.same_as.empty()) put_traits(out, after, {});
  return out;
}

StoreBatch Keep::reopened(const ScanRecord& after, const Traits& old_traits) {
  assert(after.state == ScanState::queued && after.same_as.empty());
  StoreBatch out{{{Family::open, after.scan_id, std::nullopt}}, {scan_op(after), open_op(after)}};
  if (!old_traits.empty()) remove_traits(out, after.scan_id, old_traits);
  return out;
}

Result<StoreBatch> Keep::chunk(const ScanRecord& record, uint32_t index, std::string_view bytes) {
  ASSAY_CHECK(check_id(record.scan_id));
  if (bytes.size() > kMaxChunkBytes)
    return Error{Errc::limit, "a chunk of " + std::to_string(bytes.size()) + " bytes"};
  Family family = is_frame_of(FrameType::artifact, bytes) ? Family::artifacts : Family::chunks;
  return StoreBatch{
      {{Family::open, record.scan_id, encode_open(ScanState::leased, record.attempt, record.agent)}},
      {{family, chunk_key(record.scan_id, record.attempt, index), std::string(bytes)}}};
}

Result<StoreBatch> Keep::shipped(const ScanRecord& before, const ScanRecord& after, const TraceHeader& header,
                                 const TraceFooter& footer) {
  ASSAY_CHECK(check_header(after, header));
  StoreBatch out = moved(before, after);
  out.ops.push_back({Family::reports, after.scan_id + kHeader, encode_header(header)});
  out.ops.push_back({Family::reports, after.scan_id + kFooter, encode_footer(footer)});
  // What earlier attempts shipped goes, theirs are the lower keys, and the report that was made of it.
  if (header.attempt > 1) {
    for (Family family : {Family::chunks, Family::artifacts})
      out.ops.push_back(
          {family, attempt_key(after.scan_id, 0), "", true, attempt_key(after.scan_id, header.attempt)});
    out.ops.push_back({Family::reports, after.scan_id + kReport, "", true});
  }
  return out;
}

StoreBatch Keep::reported(const ScanRecord& before, const ScanRecord& after, std::string_view report_json,
                          const Traits& traits) {
  assert(after.state == ScanState::done && after.same_as.empty());
  StoreBatch out = moved(before, after);
  put_report(out, after, report_json, traits);
  return out;
}

StoreBatch Keep::batch(const BatchRecord& record) {
  assert(is_scan_id(record.batch_id));
  return {{{Family::batches, record.batch_id, std::nullopt}},
          {{Family::batches, record.batch_id, encode_batch(record)}}};
}

StoreBatch Keep::of_format(uint32_t format) {
  return {{}, {{Family::open, kLayoutKey, std::to_string(format)}}};
}

Result<Keep::Opened> Keep::upgrade() {
  Opened opened;
  ASSAY_TRY(uint32_t there, format());
  if (there > kStoreFormat)
    return Error{Errc::unsupported,
                 "the store has format " + (there == UINT32_MAX ? "of no number" : std::to_string(there)) +
                     ", which a later assay made; this one knows up to " + std::to_string(kStoreFormat)};
  auto layout = store_.get(Family::open, kLayoutKey);
  if (layout || layout.error().code != Errc::not_found) return layout ? Result(opened) : layout.error();
  std::vector<StoreOp> index;
  bool empty = true;
  ASSAY_CHECK(store_.scan(Family::scans, "", false, [&](std::string_view key, std::string_view value) {
    auto record = decode_scan(value);
    empty = false;
    if (record && is_open(record->state)) index.push_back(open_op(*record));
    if (!record && opened.unreadable++ == 0)
      opened.first_error = record.error().context("scan " + printable(key, 64)).what;
    return true;
  }));
  if (empty) index.push_back({Family::index, kAllIndexed, kIndexKinds});
  for (StoreOp& op : of_format(empty ? kStoreFormat : kOpenIndexFormat).ops) index.push_back(std::move(op));
  ASSAY_CHECK(store_.write(std::move(index)));
  return opened;
}

StoreBatch Keep::agent_mode(const std::string& agent, const std::string& mode) {
  return {{}, {{Family::agents, agent, mode, mode.empty()}}};
}

}  // namespace assay
