// signals: SIGINT, SIGTERM and SIGHUP as descriptors, so that loops end and reload in order instead of being
// cut.
#pragma once

#include "common/fd.h"
#include "common/result.h"

namespace assay {

/// Blocks SIGINT and SIGTERM for this thread and every thread made after; readable once one has come. Call
/// before any thread exists.
Result<Fd> catch_end_signals();
/// The same for SIGHUP: what was configured is to be read again.
Result<Fd> catch_reload_signal();
/// Forgets what has come so far.
void clear_signals(int fd);

}  // namespace assay
