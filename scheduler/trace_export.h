// trace_export: a kept scan as one trace file (common/trace_file.h): its chunks as they lie in the store, its
// report, and its artifacts if asked for. Feeds `assay trace export`, `assay scan --keep-trace` and the API.
#pragma once

#include <string>

#include "common/result.h"
#include "common/trace_file.h"
#include "scheduler/keep.h"

namespace assay {

struct TraceExport {
  std::string scan_id;  // whose trace it is: of a scan that shares a result, another's
  uint64_t chunks = 0, events = 0, pieces = 0;
};

/// Writes `trace` of `keep` to `to`, in memory of one chunk's size. Errc::corrupt when a chunk is missing or
/// damaged, which is found out late: then what was written has no end. `artifacts`: with the archive of the
/// files that were left behind, where one was kept. Errors of `to` end it.
Result<TraceExport> export_trace(const Keep& keep, const KeptTrace& trace, bool artifacts,
                                 const ByteSink& to);

}  // namespace assay
