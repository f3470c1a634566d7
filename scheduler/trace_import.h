// trace_import: a trace file into the store, as a scan that is done, scored by the rules of this host. The
// file is hostile: all of it is checked before anything is written, and nothing is seen of it until all of it
// is there. Its word on the verdict is shown, never taken.
#pragma once

#include <string>

#include "common/result.h"
#include "scheduler/score/rules.h"
#include "scheduler/store.h"

namespace assay {

struct ImportedTrace {
  std::string scan_id;
  std::string ref;       // of the image, as its submitter wrote it
  bool present = false;  // the very same was here already; nothing was written
  std::string verdict;   // by the rules of this host, or, when it was here already, as it stands
  int32_t score = 0;
  std::string told;  // verdict that the file's own report has, or empty
  uint64_t events = 0, bytes = 0;
};

/// `now_ns`: wall clock. Errors: those of read_trace_file(); corrupt for what does not add up; conflict when
/// another scan of this id is here, or the file changes meanwhile; invalid: no regular
/// file; no_space, io.
Result<ImportedTrace> import_trace(Store& store, const std::string& path, const RuleSet& rules,
                                   int64_t now_ns);

}  // namespace assay
