// The scheduler's one file that touches Cap'n Proto.
#include "scheduler/scan_codec.h"

#include "common/codec_capnp.h"
#include "common/codec_frame.h"
#include "schema/scan.capnp.h"

namespace assay {
namespace {

using namespace capnp_codec;

constexpr size_t kMaxScanRawBytes = 64 * 1024;

ScanRecord read(schema::Scan::Reader in, Rules& rules) {
  ScanRecord record;
  record.scan_id = rules.text(in.getScanId(), kMaxIdBytes, "scan id");
  record.job = read_job(in.getJob(), rules);
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

}  // namespace

std::string encode_scan(const ScanRecord& record) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Scan>();
  out.setScanId(Cut(record.scan_id, kMaxIdBytes));
  write_job(out.initJob(), record.job);
  out.setState(static_cast<uint8_t>(record.state));
  out.setAttempt(record.attempt);
  out.setSubmittedNs(record.submitted_ns);
  out.setFinishedNs(record.finished_ns);
  out.setDigest(Cut(record.digest, kMaxErrorBytes));
  out.setVerdict(Cut(record.verdict, kMaxIdBytes));
  out.setScore(record.score);
  out.setError(Cut(record.error, kMaxErrorBytes));
  return frame(FrameType::scan, flatten(message));
}

Result<ScanRecord> decode_scan(std::string_view bytes) {
  ASSAY_TRY(std::string raw,
            unframe(FrameType::scan, bytes, frame_bound(kMaxScanRawBytes), kMaxScanRawBytes));
  return read_message<schema::Scan>(raw, "scan record", read);
}

}  // namespace assay
