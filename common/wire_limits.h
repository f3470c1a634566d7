// Bounds of messages that both their writer and their reader need. Internal to the codec files.
#pragma once

#include "common/wire.h"

namespace assay::wire {

/// A report, a question or an answer, so that the rest of its message fits beside it.
inline constexpr size_t kMaxBodyBytes = kMaxFrameBytes - 16 * 1024;
inline constexpr size_t kMaxOpBytes = 64;
inline constexpr size_t kMaxCredit = 4096;

}  // namespace assay::wire
