// baseline: with which earlier scans one is compared: those of the digest that its repository had before, and
// those of the image that it is built on. Reads the store through the index, a bounded number of records and
// reports, whatever the store holds.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "common/trace.h"
#include "scheduler/keep.h"
#include "scheduler/score/compare.h"

namespace assay {

inline constexpr size_t kMaxBaselineScans = 5;  // of one digest; their union is the baseline
inline constexpr size_t kMaxLookedAt = 200;     // records under one word, reports of one digest tried

/// At most one of each relation, "previous" before "base". All scans in it are done, have their reports, were
/// run as this one was (persona, network, architecture) and by this farm: what was imported is no baseline,
/// for whoever made the file could have put into it what is not to be new.
///   previous  of the newest other digest of the repository that was scanned before this digest was, under
///             the same tag if there is one. So the same digest scanned again is compared with the same, and
///             an old tag not with a later one. Archives have no repository.
///   base      of the image with the most layers all of which are this image's first ones.
/// `scan` is done or about to be; `image` its header's. Errors are the store's; what is damaged is passed
/// over.
Result<std::vector<Baseline>> find_baselines(const Keep& keep, const ScanRecord& scan,
                                             const ImageInfo& image);

}  // namespace assay
