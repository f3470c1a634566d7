// queue: which jobs wait, which are leased to whom, and until when. Pure: takes `now`, touches no clock,
// socket or disk. A lease carries an attempt number, the fence: what an agent says about an attempt that it
// does not hold is refused. In which order jobs leave it is backlog's; to whom, dispatch's.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scheduler/backlog.h"

namespace assay {

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

class Queue {
 public:
  explicit Queue(QueueLimits limits = {});
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  // A `now` before one that was given earlier counts as that one: time stands, it does not go back.

  /// Ready at once. Expects that it is not known.
  void submit(QueuedJob job, QueueTime now);
  /// It was leased to `agent` when the scheduler ended; job.attempts is the attempt. The lease runs anew.
  void restore(QueuedJob job, const std::string& agent, QueueTime now);

  bool knows(const std::string& scan_id) const;
  /// The job as it is now, or null.
  const QueuedJob* find(const std::string& scan_id) const;
  bool holds(const std::string& agent, const std::string& scan_id, uint32_t attempt) const;
  std::optional<std::string> holder(const std::string& scan_id) const;

  /// A sign of life: every lease of this agent runs anew.
  void renew(const std::string& agent, QueueTime now);
  /// It is done, well or not: takes it out. False when not held.
  bool complete(const std::string& agent, const std::string& scan_id, uint32_t attempt);
  /// It failed, and may go better: waits again after a delay that grows, or is given up. nullopt when not
  /// held.
  std::optional<Lapse> fail(const std::string& agent, const std::string& scan_id, uint32_t attempt,
                            QueueTime now);
  /// Does not count. Ready at once, at the front of its flow. nullopt when not held.
  std::optional<Lapse> hand_back(const std::string& agent, const std::string& scan_id, uint32_t attempt,
                                 QueueTime now);
  /// Takes it out wherever it is. Who held it.
  std::optional<std::string> cancel(const std::string& scan_id);
  /// Ends the leases of agents that were silent for too long, as fail() does, and the delays that are over.
  std::vector<Lapse> expire(QueueTime now);
  /// The agent has started anew: its leases not in `held` (scan id, attempt) end, as fail() does.
  std::vector<Lapse> release(const std::string& agent, const std::set<std::pair<std::string, uint32_t>>& held,
                             QueueTime now);
  /// When expire() has something to do; max(): never.
  QueueTime next_deadline() const;

  size_t ready() const;
  size_t delayed() const;
  size_t leased() const;
  size_t leased_by(const std::string& agent) const;
  struct LaneStats {
    size_t ready = 0, delayed = 0, leased = 0;
    std::chrono::milliseconds oldest_wait{0};  // of the ready ones
  };
  std::array<LaneStats, kLanes> lanes(QueueTime now) const;
  struct TenantStats {
    size_t waiting = 0, leased = 0;  // waiting: ready or delayed
  };
  const std::map<std::string, TenantStats>& tenants() const;  // those that have any
  /// In one line, for a human: why it waits, or who has it. Empty when it is not known.
  std::string explain(const std::string& scan_id, QueueTime now) const;
  /// "ready: a b; delayed: c until 4000 ms; leased: d/1 by x", each part by scan id.
  std::string render() const;

  // ---- for dispatch

  /// Those whose delay is over are ready.
  void wake(QueueTime now);
  Backlog& backlog() { return backlog_; }
  const Backlog& backlog() const { return backlog_; }
  /// Leases a ready job. Returns the attempt.
  uint32_t lease(Entry& entry, const std::string& agent, QueueTime now);

 private:
  struct Earlier {
    bool operator()(const Holder* a, const Holder* b) const;  // by the end of the first lease
    bool operator()(const Entry* a, const Entry* b) const;    // by the end of the delay
  };

  QueueTime forward(QueueTime now) { return latest_ = std::max(latest_, now); }
  Entry& insert(QueuedJob job);
  Entry* entry_of(const std::string& scan_id) const;
  Entry* held_by(const std::string& agent, const std::string& scan_id, uint32_t attempt) const;
  void give(Entry& entry, const std::string& agent, QueueTime now);
  void take(Entry& entry);
  void file(Holder& holder);
  Lapse lapse(Entry& entry, QueueTime now);
  void count(const Entry& entry, int change);
  void erase(Entry& entry);

  QueueLimits limits_;
  QueueTime latest_ = QueueTime::min();
  uint64_t numbers_ = 0;
  Backlog backlog_;
  // The keys are the ids in the entries and the names in the holders.
  std::unordered_map<std::string_view, std::unique_ptr<Entry>> jobs_;
  std::unordered_map<std::string_view, std::unique_ptr<Holder>> holders_;  // agents that hold any
  std::set<Holder*, Earlier> ends_;      // the first is the one whose lease ends first
  std::set<Entry*, Earlier> delayed_;    // by the end of their delay
  std::array<LaneStats, kLanes> lanes_;  // without what the backlog knows
  std::map<std::string, TenantStats> tenants_;
};

}  // namespace assay
