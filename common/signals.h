// signals: SIGINT and SIGTERM as a descriptor, so that loops end in order instead of being cut.
#pragma once

#include "common/fd.h"
#include "common/result.h"

namespace assay {

/// Blocks both for this thread and every thread made after; readable once one has come. Call before any
/// thread exists.
Result<Fd> catch_end_signals();
/// Forgets what has come so far.
void clear_signals(int fd);

}  // namespace assay
