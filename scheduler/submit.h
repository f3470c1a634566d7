// submit: is this job one that can be run at all? Checked once, before it is queued. Pure.
#pragma once

#include "common/job.h"
#include "common/result.h"

namespace assay {

inline constexpr std::chrono::milliseconds kMinDuration{1000};
inline constexpr std::chrono::milliseconds kMaxDuration{3'600'000};

/// Errc::invalid names the field, its value and the rule it breaks.
Status check_job(const Job& job);

}  // namespace assay
