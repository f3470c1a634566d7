// reindex: gives scans that were kept before there was an index, or before it had all of today's kinds of
// traits, their place in it, from their reports and records as they are. For a store that nobody else writes
// to.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/result.h"
#include "scheduler/store.h"

namespace assay {

struct Reindexed {
  uint64_t scans = 0;       // that were looked at
  uint64_t added = 0;       // that had no place in the index, or not under every kind
  uint64_t unreadable = 0;  // whose record or report is damaged: they are left out
  std::string first_error;
};

/// Group by group, so that it may be stopped and started again; at its end the index knows all. `progress` is
/// called now and then.
Result<Reindexed> reindex(Store& store, const std::function<void()>& progress = nullptr);
/// The same, counted and not done.
Result<Reindexed> look_at_index(Store& store);

}  // namespace assay
