// Chunks and ends of traces into the store.
#include "scheduler/collect.h"

#include "common/codec.h"
#include "common/text.h"

namespace assay {

Status Collect::chunk(const wire::Chunk& chunk) {
  if (chunk.index >= kMaxChunks)
    return Error{Errc::limit,
                 "scan " + chunk.scan_id + " ships more than " + std::to_string(kMaxChunks) + " chunks"};
  if (chunk.bytes.size() > kMaxChunkBytes)
    return Error{Errc::limit, "chunk " + std::to_string(chunk.index) + " of scan " + chunk.scan_id +
                                  " is larger than " + std::to_string(kMaxChunkBytes) + " bytes"};
  return keep_.put_chunk(chunk.scan_id, chunk.attempt, chunk.index, chunk.bytes);
}

Result<ScanRecord> Collect::done(const wire::Done& done) {
  // The header says which chunks count, and the report is made of it.
  if (done.header.scan_id != done.scan_id || done.header.attempt != done.attempt)
    return Error{Errc::invalid, "the header is of scan " + printable(done.header.scan_id, 64) + ", attempt " +
                                    std::to_string(done.header.attempt)};
  ASSAY_TRY(ScanRecord record, keep_.scan(done.scan_id));
  record.state = ScanState::shipped;
  record.attempt = done.attempt;
  record.digest = done.header.image.digest;
  ASSAY_CHECK(keep_.put_trace_end(record, done.header, done.footer));
  return record;
}

Result<ScanRecord> Collect::ended(const std::string& scan_id, ScanState state, const std::string& reason,
                                  int64_t now_ns) {
  ASSAY_TRY(ScanRecord record, keep_.scan(scan_id));
  record.state = state;
  record.error = reason;
  record.finished_ns = now_ns;
  ASSAY_CHECK(keep_.put_scan(record));
  return record;
}

}  // namespace assay
