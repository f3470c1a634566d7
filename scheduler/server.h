// server: the scheduler's loop. One ROUTER socket for agents and clients; every message goes through submit,
// dispatch, collect or evaluate, and its answer goes out here. All policy is in the pure parts (queue,
// dispatch, score); all keeping in keep.
#pragma once

#include <chrono>
#include <string>

#include "common/loop.h"
#include "scheduler/queue.h"
#include "scheduler/score/rules.h"
#include "scheduler/store.h"

namespace assay {

struct ServerConfig {
  std::string endpoint;  // "ipc://PATH" or "inproc://NAME"
  Queue::Limits limits;
  /// What to do with jobs that the store says were under way when the last scheduler ended: take them up
  /// again, or record them as failed.
  bool resume_jobs = true;
};

/// Counters of one scheduler's life, for logs and tests.
struct ServerStats {
  uint64_t submitted = 0, finished = 0, failed = 0, redelivered = 0;
  uint64_t refused_frames = 0;  // malformed, or from nobody we know
  uint64_t stale_messages = 0;  // of attempts that are no longer held
};

/// Serves until `stop_fd` becomes readable. `store` and `rules` are borrowed. Errors only when it cannot
/// start or the store fails for good.
Result<ServerStats> serve(const Context& context, const ServerConfig& config, Store& store,
                          const RuleSet& rules, int stop_fd);

}  // namespace assay
