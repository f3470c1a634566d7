// The scheduler's one file that touches Cap'n Proto.
#include "scheduler/scan_codec.h"

#include <capnp/message.h>

#include "common/codec_capnp.h"
#include "common/codec_frame.h"
#include "schema/scan.capnp.h"

namespace assay {
namespace {

using namespace capnp_codec;

constexpr size_t kMaxScanRawBytes = 64 * 1024;
constexpr size_t kMaxBatchRawBytes = kMaxManifestBytes + 64 * 1024;
// Most records fit here, so that no memory has to be asked for; a larger one does so by itself.
constexpr size_t kScratchWords = 256;

// What both layouts of a record hold.
template <class Reader>
ScanRecord read_common(Reader in, Rules& rules) {
  ScanRecord record;
  record.scan_id = rules.text(in.getScanId(), kMaxIdBytes, "scan id");
  record.state = rules.number(in.getState(), ScanState::cancelled, "state");
  record.attempt = in.getAttempt();
  record.submitted_ns = in.getSubmittedNs();
  record.finished_ns = in.getFinishedNs();
  record.digest = rules.text(in.getDigest(), kMaxErrorBytes, "digest");
  record.verdict = rules.text(in.getVerdict(), kMaxIdBytes, "verdict");
  record.score = in.getScore();
  record.error = rules.text(in.getError(), kMaxErrorBytes, "error");
  return record;
}

ScanRecord read_scan(schema::Scan::Reader in, Rules& rules) {
  ScanRecord record = read_common(in, rules);
  record.submission = read_submission(in.getSubmission(), rules);
  record.failures = in.getFailures();
  record.agent = rules.text(in.getAgent(), kMaxIdBytes, "agent");
  record.leased_ns = in.getLeasedNs();
  record.error_code = rules.text(in.getErrorCode(), kMaxIdBytes, "error code");
  record.same_as = rules.text(in.getSameAs(), kMaxIdBytes, "scan whose result it shares");
  record.tracer_version = rules.text(in.getTracerVersion(), kMaxErrorBytes, "tracer version");
  record.rules_version = rules.text(in.getRulesVersion(), kMaxErrorBytes, "rules version");
  record.pinned = rules.text(in.getPinned(), kMaxErrorBytes, "reason of its pin");
  record.trace_bytes = in.getTraceBytes();
  record.artifact_bytes = in.getArtifactBytes();
  record.report_bytes = in.getReportBytes();
  record.pruned = in.getPruned();
  return record;
}

ScanRecord read_old_scan(schema::OldScan::Reader in, Rules& rules) {
  ScanRecord record = read_common(in, rules);
  record.submission.job = read_job(in.getJob(), rules);
  return record;
}

BatchRecord read_batch(schema::Batch::Reader in, Rules& rules) {
  BatchRecord record;
  record.batch_id = rules.text(in.getBatchId(), kMaxIdBytes, "batch id");
  record.name = rules.text(in.getName(), kMaxErrorBytes, "name");
  record.tenant = rules.text(in.getTenant(), kMaxIdBytes, "tenant");
  record.labels = read_labels(in.getLabels(), rules);
  if (!rules.ok()) return record;
  record.created_ns = in.getCreatedNs();
  auto manifest = view(in.getManifest());
  rules.check(manifest.size() <= kMaxManifestBytes, "manifest is too large");
  if (rules.ok()) record.manifest = manifest;
  return record;
}

void write_scan(schema::Scan::Builder out, const ScanRecord& record) {
  out.setScanId(Cut(record.scan_id, kMaxIdBytes));
  write_submission(out.initSubmission(), record.submission);
  out.setState(static_cast<uint8_t>(record.state));
  out.setAttempt(record.attempt);
  out.setFailures(record.failures);
  out.setAgent(Cut(record.agent, kMaxIdBytes));
  out.setSubmittedNs(record.submitted_ns);
  out.setLeasedNs(record.leased_ns);
  out.setFinishedNs(record.finished_ns);
  out.setDigest(Cut(record.digest, kMaxErrorBytes));
  out.setVerdict(Cut(record.verdict, kMaxIdBytes));
  out.setScore(record.score);
  out.setError(Cut(record.error, kMaxErrorBytes));
  out.setErrorCode(Cut(record.error_code, kMaxIdBytes));
  out.setSameAs(Cut(record.same_as, kMaxIdBytes));
  out.setTracerVersion(Cut(record.tracer_version, kMaxErrorBytes));
  out.setRulesVersion(Cut(record.rules_version, kMaxErrorBytes));
  out.setPinned(Cut(record.pinned, kMaxErrorBytes));
  out.setTraceBytes(record.trace_bytes);
  out.setArtifactBytes(record.artifact_bytes);
  out.setReportBytes(record.report_bytes);
  out.setPruned(record.pruned);
}

}  // namespace

std::string encode_scan(const ScanRecord& record) {
  capnp::word scratch[kScratchWords] = {};
  capnp::MallocMessageBuilder message(kj::arrayPtr(scratch, kScratchWords));
  write_scan(message.initRoot<schema::Scan>(), record);
  return frame(FrameType::scan, flatten(message));
}

Result<ScanRecord> decode_scan(std::string_view bytes) {
  bool old = is_frame_of(FrameType::old_scan, bytes);
  ASSAY_TRY(std::string raw, unframe(old ? FrameType::old_scan : FrameType::scan, bytes,
                                     frame_bound(kMaxScanRawBytes), kMaxScanRawBytes));
  if (old) return read_message<schema::OldScan>(raw, "scan record", read_old_scan);
  return read_message<schema::Scan>(raw, "scan record", read_scan);
}

std::string encode_batch(const BatchRecord& record) {
  assert(record.manifest.size() <= kMaxManifestBytes);
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Batch>();
  out.setBatchId(Cut(record.batch_id, kMaxIdBytes));
  out.setName(Cut(record.name, kMaxErrorBytes));
  out.setTenant(Cut(record.tenant, kMaxIdBytes));
  write_labels(out.initLabels(kept_labels(record.labels)), record.labels);
  out.setCreatedNs(record.created_ns);
  out.setManifest(blob(record.manifest));
  return frame(FrameType::batch, flatten(message));
}

Result<BatchRecord> decode_batch(std::string_view bytes) {
  ASSAY_TRY(std::string raw,
            unframe(FrameType::batch, bytes, frame_bound(kMaxBatchRawBytes), kMaxBatchRawBytes));
  return read_message<schema::Batch>(raw, "batch record", read_batch);
}

std::string encode_open(ScanState state, uint32_t attempt, const std::string& agent) {
  std::string out(1, static_cast<char>(state));
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(attempt >> shift & 0xff);
  return out.append(agent, 0, kMaxIdBytes);  // as much as the record keeps
}

}  // namespace assay
