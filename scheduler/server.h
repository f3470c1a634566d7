// server: the scheduler's loop. One ROUTER for agents, one for clients; every message is applied to the pure
// parts (queue, agents, dispatch, coalesce), what it changes is staged, and once a turn all of it is
// committed in one write and the answers go out. All policy is in the pure parts; all keeping in keep.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/keys.h"
#include "common/loop.h"
#include "common/zap.h"
#include "scheduler/dispatch.h"
#include "scheduler/metrics.h"
#include "scheduler/queue.h"
#include "scheduler/retention.h"
#include "scheduler/score/rules.h"
#include "scheduler/store.h"

namespace assay {

/// What may change while the scheduler runs.
struct Reload {
  std::unique_ptr<RuleSet> rules;                 // null: as before
  std::optional<DispatchPolicy> policy;           // nothing: as before
  std::optional<std::vector<AllowedKey>> agents;  // the allow-list; nothing: as before
};

struct ServerConfig {
  std::vector<std::string>
      agents;           // where agents connect: "tcp://..." (with keys), "ipc://PATH", "inproc://NAME"
  std::string clients;  // where clients do: "inproc://NAME"
  std::optional<CurveKeys> keys;  // encrypts the agents' socket
  QueueLimits limits;
  DispatchPolicy policy;
  /// What to do with jobs that the store says were under way when the last scheduler ended: take them up
  /// again, or record them as failed.
  bool resume_jobs = true;
  /// Whether a job may run again when its attempt failed through no fault of its image.
  bool retry = true;
  size_t open_limit = 1'000'000;               // scans that have not ended; beyond it submissions are refused
  uint64_t reserve_bytes = 256ull << 20;       // with less room on the disk submissions are refused
  uint64_t default_memory_bytes = 2ull << 30;  // what a job that does not say so is taken to need
  unsigned scorers = 1;                        // scoring threads
  RetentionPolicy retention;
  std::chrono::milliseconds prune_every{0};  // 0: only when asked to
  std::chrono::seconds forget_agents{0};     // not heard for so long they are forgotten; 0: never
  Zap* zap = nullptr;                        // borrowed: told the allow-list, asked for refusals
  std::set<std::string> allowed;             // keys on the allow-list, when `keys` are used
  int reload_fd = -1;                        // readable: call reload()
  std::function<Result<Reload>()> reload;    // on a thread of its own, one at a time
  std::filesystem::path seal_key;   // file that logins of jobs are sealed with; empty: a key of this process
  std::function<Status()> serving;  // called once, when what was on disk is recovered and peers can connect
  std::function<void()> alive;      // called about once a second while the loop turns
  SchedulerMetrics* metrics = nullptr;  // borrowed
};

/// Counters of one scheduler's life, for logs and tests.
struct ServerStats {
  uint64_t submitted = 0, coalesced = 0, reused = 0, finished = 0, failed = 0, cancelled = 0;
  uint64_t leased = 0, redelivered = 0, stale_messages = 0, commits = 0, committed = 0, stalls = 0;
  uint64_t agents_forgotten = 0;            // by themselves, or by order
  std::map<std::string, uint64_t> refused;  // messages and peers, by reason
};

/// Serves until `stop_fd` becomes readable. `store` and `rules` are borrowed. Errors only when it cannot
/// start or the store fails for good.
Result<ServerStats> serve(const Context& context, const ServerConfig& config, Store& store,
                          const RuleSet& rules, int stop_fd);

}  // namespace assay
