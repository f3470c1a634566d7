// due: when a sweep is to run by its schedule, with what was missed while nobody looked. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "scheduler/sweeps/cron.h"

namespace assay::sweeps {

/// A run that was missed is made up for within so long.
inline constexpr int64_t kMissedWithin_s = 24 * 3600;

struct Due {
  std::optional<int64_t> now;   // the latest time that has come since the last one: it is to run
  std::optional<int64_t> next;  // the first that has not come yet
};
/// `since_s`: the last time that was run or skipped, or that the sweep was made. However many times were
/// missed, one is due.
Due due(const Cron& cron, int64_t since_s, int64_t now_s);

}  // namespace assay::sweeps
