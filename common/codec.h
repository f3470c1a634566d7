// codec: plain structs to Cap'n Proto and zstd and back. The only code that touches Cap'n Proto.
// All decoders take hostile bytes: sizes, traversal and nesting are bounded, checksums verified, and nothing
// they return points into the input. Formats: docs/trace.md, schema/*.capnp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/trace.h"

namespace assay {

class ColumnWriter;

/// Bounds of one encoded chunk, for writer and reader.
inline constexpr size_t kMaxChunkBytes = 1 << 20;     // compressed, on the wire
inline constexpr size_t kMaxChunkRawBytes = 8 << 20;  // before zstd
inline constexpr size_t kMaxChunkEvents = 64 * 1024;
/// Of one attempt, the pieces of its archive of artifacts included.
inline constexpr uint32_t kMaxChunks = 4096;
/// Of an archive in one piece: framed, it still fits a chunk, whatever it holds.
inline constexpr size_t kArtifactPieceBytes = 1008 * 1024;

/// Gathers events and yields chunks: columnar, strings interned per chunk, times as deltas, zstd, checksum.
/// One event may hold at most kMaxEventBytes of strings; longer data is cut and counted in `truncated`.
class ChunkWriter {
 public:
  static constexpr size_t kMaxEventBytes = 256 * 1024;
  ChunkWriter();
  ChunkWriter(ChunkWriter&&) noexcept;
  ChunkWriter& operator=(ChunkWriter&&) noexcept;
  ~ChunkWriter();
  void add(Event event);  // not when full()
  bool full() const;      // time to call take()
  bool empty() const;
  std::string take();  // encodes what was added, and starts anew; at most kMaxChunkBytes

 private:
  std::unique_ptr<ColumnWriter> columns_;
};

/// The events of one chunk, in order. Errc::corrupt says which rule the bytes broke.
Result<std::vector<Event>> decode_chunk(std::string_view bytes);

std::string encode_header(const TraceHeader& header);
Result<TraceHeader> decode_header(std::string_view bytes);
std::string encode_footer(const TraceFooter& footer);
Result<TraceFooter> decode_footer(std::string_view bytes);
/// One piece of the archive that holds a scan's artifacts; it is kept as a further chunk.
std::string encode_artifact_piece(std::string_view bytes);
Result<std::string> decode_artifact_piece(std::string_view frame);
std::string encode_job(const Job& job);
Result<Job> decode_job(std::string_view bytes);

}  // namespace assay
