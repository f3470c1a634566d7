// What the tests of queue and dispatch share: a clock in milliseconds, and jobs in a line.
#pragma once

#include <chrono>
#include <string>

#include "scheduler/queue.h"

namespace assay {

inline QueueTime at(int64_t ms) { return QueueTime(std::chrono::milliseconds(ms)); }

/// In lane batch, of tenant "t", with no registry, no affinity and small needs.
inline QueuedJob job(const std::string& scan_id, Lane lane = Lane::batch, const std::string& tenant = "t",
                     const std::string& batch = "") {
  QueuedJob made;
  made.scan_id = scan_id;
  made.lane = lane;
  made.tenant = tenant;
  made.batch = batch;
  return made;
}

}  // namespace assay
