// Every chunk is decoded on its way, so that no file is sealed that cannot be read.
#include "scheduler/trace_export.h"

#include "common/codec.h"
#include "common/codec_counted.h"

namespace assay {

Result<TraceExport> export_trace(const Keep& keep, const KeptTrace& trace, bool artifacts,
                                 const ByteSink& to) {
  TraceExport out;
  out.scan_id = trace.scan_id;
  TraceFileWriter file(to);
  ASSAY_CHECK(file.begin(trace.scan_id, trace.header_bytes));
  ASSAY_CHECK(keep.each_chunk(trace, 0, trace.footer.chunks, [&](std::string_view framed) -> Status {
    auto chunk = decode_counted_chunk(framed);
    if (!chunk)
      return chunk.error().context("scan " + trace.scan_id + ", chunk " + std::to_string(out.chunks));
    out.events += chunk->all;
    ++out.chunks;
    return file.add(TraceRecord::chunk, framed);
  }));
  if (out.events != trace.footer.events)
    return Error{Errc::corrupt, "scan " + trace.scan_id + ": holds " + std::to_string(out.events) +
                                    " events; its footer says " + std::to_string(trace.footer.events)};
  ASSAY_CHECK(file.add(TraceRecord::footer, trace.footer_bytes));
  ASSAY_TRY(ScanRecord record, keep.scan(trace.scan_id));
  uint32_t pieces = artifacts && !(record.pruned & kArtifactsPruned) ? trace.footer.artifact_chunks : 0;
  ASSAY_CHECK(keep.each_chunk(trace, trace.footer.chunks, pieces, [&](std::string_view framed) -> Status {
    if (auto piece = decode_artifact_piece(framed); !piece)
      return piece.error().context("scan " + trace.scan_id + ", piece " + std::to_string(out.pieces));
    ++out.pieces;
    return file.add(TraceRecord::piece, framed);
  }));
  auto report = keep.report(trace.scan_id);
  if (!report && report.error().code != Errc::not_found) return report.error();
  if (report) ASSAY_CHECK(file.add(TraceRecord::report, *report));
  ASSAY_CHECK(file.finish(out.events));
  return out;
}

}  // namespace assay
