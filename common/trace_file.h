// trace_file: one scan's trace as a single file that travels: what it is, header, chunks, footer, and where
// they were kept, report and artifacts; sealed by counts and a SHA-256. The format is docs/trace.md's, byte
// by byte. Knows files and records, not the store (scheduler/trace_export.h, trace_import.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.h"
#include "common/result.h"
#include "common/trace.h"

namespace assay {

/// In the order in which they stand in a file. Numbers are the format's.
enum class TraceRecord : char {
  about = 'S',   // JSON: format, writer, scan
  header = 'H',  // framed, as all that come below
  chunk = 'C',
  footer = 'F',
  piece = 'A',   // of the archive of artifacts
  report = 'R',  // JSON, as the scan's host made it
  end = 'E',     // JSON: counts, and the SHA-256 of all bytes before this record
};

/// What a reader must know to read a file at all. Records of new types and further keys do not change it.
inline constexpr std::string_view kTraceFormat = "assay.trace/1";
inline constexpr size_t kMaxTraceReportBytes = 64 << 20;

using ByteSink = std::function<Status(std::string_view)>;
/// At most `most` bytes; 0: there are no more.
using ByteSource = std::function<Result<size_t>(char* to, size_t most)>;

/// Writes records in the order above. The file is whole once finish() has returned.
class TraceFileWriter {
 public:
  explicit TraceFileWriter(ByteSink to) : to_(std::move(to)) {}
  /// The first: what the file is, and its header in its frame.
  Status begin(const std::string& scan_id, std::string_view header);
  /// A chunk, footer, piece or report. Errc::limit for one that readers would refuse.
  Status add(TraceRecord type, std::string_view bytes);
  /// `events`: in all chunks.
  Status finish(uint64_t events);

 private:
  Status put(std::string_view bytes);
  Status put_record(TraceRecord type, std::string_view bytes);
  ByteSink to_;
  Sha256 hash_;
  uint64_t chunks_ = 0, pieces_ = 0;
};

struct TraceEnds {
  TraceHeader header;
  TraceFooter footer;
};

/// What a file that was read to its end has told.
struct TraceFile : TraceEnds {
  std::string header_bytes, footer_bytes;  // framed, as they stand there
  std::string writer;                      // "assay 0.7.0"; empty: of an old file
  std::string report;                      // JSON that nobody has looked at; empty: none
  uint64_t chunks = 0, events = 0, pieces = 0, bytes = 0;
  bool sealed = false;  // it has an end record, and that is right; old files have none
  Digest digest;        // of all its bytes
};

/// What is wanted while a file is read; each may be empty. An error ends the reading.
struct TraceVisit {
  std::function<Status(const TraceHeader&)> header = {};
  std::function<Status(std::string_view framed, const std::vector<Event>&)> chunk = {};
  std::function<Status(std::string_view framed)> piece = {};
};

/// Reads a whole file in memory of a few chunks' size, and checks all of it. Errc::corrupt names the file
/// (`name`) and the rule it broke; unsupported: it is of a format that this program does not know.
Result<TraceFile> read_trace(const ByteSource& from, const std::string& name, const TraceVisit& visit);
Result<TraceFile> read_trace_file(const std::string& path, const TraceVisit& visit);
/// The same, with every event in order.
Result<TraceEnds> read_trace_file(const std::string& path, const std::function<void(const Event&)>& visit);

}  // namespace assay
