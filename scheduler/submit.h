// submit: what a submission must be to be taken. Pure.
#pragma once

#include "common/result.h"
#include "common/submission.h"

namespace assay {

inline constexpr std::chrono::milliseconds kMinDuration{1000}, kMaxDuration{3600 * 1000};

/// Errc::invalid names the reference or value and the rule it breaks.
Status check_job(const Job& job);
/// check_job(), labels, batch, key and expectation.
Status check_submission(const Submission& submission);

}  // namespace assay
