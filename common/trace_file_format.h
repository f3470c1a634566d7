// trace_file_format: what writer and reader of trace files must agree on. Internal to the trace_file files.
#pragma once

#include <string_view>

#include "common/codec.h"
#include "common/trace_file.h"

namespace assay::trace_file {

inline constexpr std::string_view kMagic("ASSAYTR\x01", 8);
inline constexpr size_t kRecordHeadBytes = 5;
inline constexpr size_t kMaxNoteBytes = 4096;     // about and end
inline constexpr size_t kMaxEndsBytes = 4 << 20;  // header and footer; their decoders know it better

inline const char* name_of(TraceRecord type) {
  switch (type) {
    case TraceRecord::about:
      return "what it is";
    case TraceRecord::header:
      return "a header";
    case TraceRecord::chunk:
      return "a chunk";
    case TraceRecord::footer:
      return "a footer";
    case TraceRecord::piece:
      return "a piece of artifacts";
    case TraceRecord::report:
      return "a report";
    case TraceRecord::end:
      return "an end";
  }
  return "a record";
}

/// Place of a type in the order of a file; -1: not known here.
inline int place_of(char type) {
  return static_cast<int>(static_cast<ptrdiff_t>(std::string_view("SHCFARE").find(type)));
}

/// The most that a record of this type may hold. What is not known is skipped, not held.
inline size_t most_bytes(char type) {
  switch (static_cast<TraceRecord>(type)) {
    case TraceRecord::about:
    case TraceRecord::end:
      return kMaxNoteBytes;
    case TraceRecord::header:
    case TraceRecord::footer:
      return kMaxEndsBytes;
    case TraceRecord::chunk:
    case TraceRecord::piece:
      return kMaxChunkBytes;
    case TraceRecord::report:
      return kMaxTraceReportBytes;
  }
  return UINT32_MAX;
}

}  // namespace assay::trace_file
