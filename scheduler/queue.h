// queue: which jobs wait, which are leased to whom, and until when. Pure: takes `now`, touches no clock,
// socket or disk. A lease carries an attempt number, the fence: what an agent says about an attempt that it
// does not hold is refused. In which order jobs leave it is backlog's; to whom, dispatch's.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/submission.h"

namespace assay {

/// What of a submission decides when and where it runs.
struct QueuedJob {
  std::string scan_id;
  Lane lane = Lane::interactive;
  std::string tenant, batch;
  std::string registry;        // host that it is pulled from; empty: no registry
  uint64_t affinity = 0;       // wire::affinity_key() of its reference
  uint32_t cpu_millis = 1000;  // what it needs on an agent
  uint64_t memory_bytes = 0;
  uint32_t attempts = 0;  // leases made so far
  uint32_t failures = 0;  // of those, the ones that count against the limit
};

using QueueTime = std::chrono::steady_clock::time_point;

struct QueueLimits {
  std::chrono::milliseconds lease{15000};       // without a word from its agent
  uint32_t failures = 3;                        // then a job is given up
  std::chrono::milliseconds first_delay{2000};  // before the second attempt; doubles with each failure
  std::chrono::milliseconds longest_delay{300000};
};

/// A lease that ended without a result.
struct Lapse {
  std::string scan_id;
  uint32_t attempt = 0;
  std::string agent;
  uint32_t failures = 0;
  bool given_up = false;  // taken out; else it waits again, after its delay
};

}  // namespace assay
