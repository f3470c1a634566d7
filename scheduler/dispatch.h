// dispatch: which agent gets which job. Pure. Takes jobs in the backlog's order, passes over those whose
// registry is to be left alone or that find no room now, and sends a job where its layers are likely to be. A
// job waits for such an agent a short, bounded time. Fed by queue and agents; the server sends what it
// returns.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/agents.h"
#include "scheduler/budget.h"
#include "scheduler/queue.h"

namespace assay {

struct DispatchPolicy {
  /// A job of a lane that has waited by so much longer than the head of the lane above is its equal: the two
  /// lanes take turns. The first lane's is not used.
  AgingSteps aging = kAging;
  std::chrono::milliseconds affinity_wait{500};  // from when it was first passed over; 0: none
  /// A job that is next but has found no room for so long has an agent kept free for it.
  std::chrono::milliseconds room_wait{60000};
  uint32_t window = 32;                     // jobs passed over in a row, then the call ends
  std::map<std::string, uint32_t> weights;  // by tenant; others have 1
  std::map<std::string, Budget> budgets;    // by registry
  Budget default_budget;                    // off
};

class Dispatch {
 public:
  struct Assignment {
    std::string agent, scan_id;
    uint32_t attempt = 0;
  };

  explicit Dispatch(DispatchPolicy policy = {});

  /// From now on. What registries have been pulled from or have said stands.
  void set_policy(DispatchPolicy policy);
  /// Leases at most `most` jobs. Call it whenever a job has come, an agent has said what it can take, or
  /// next_deadline() is reached.
  std::vector<Assignment> assign(Queue& queue, Agents& agents, QueueTime now, size_t most);
  /// The registry has said that it is to be left alone: nobody is to pull from it before `until`.
  void block_registry(const std::string& host, QueueTime until) { budgets_.block(host, until); }
  /// Those that are to be left alone now.
  std::vector<std::string> blocked_registries(QueueTime now) const { return budgets_.all_blocked(now); }
  /// When assign() could do more though nothing has come: a wait or a registry's pause ends, or the last call
  /// did not look at all there is (then at once). max(): never.
  QueueTime next_deadline() const { return next_; }

 private:
  struct Match {  // a job that was put aside, and an agent with credit that it was put aside for
    Entry* entry;
    uint32_t agent;
  };
  struct Kept {
    uint64_t channel = 0;  // number
    uint32_t agent = 0;
    std::optional<QueueTime> idle_since;  // it holds nothing, and still there is no room
  };
  struct Round {
    Queue& queue;
    Agents& agents;
    QueueTime now;
    std::vector<Assignment> out;
    uint64_t credit = 0;  // of all usable agents
    size_t usable = 0;
    uint32_t most_cpu = 0;  // free at any agent that has credit and is kept for nobody
    uint64_t most_memory = 0;
    std::array<std::vector<Match>, kLanes> matches;  // the last is the next
    Backlog::Lanes shut{};
    uint32_t passed = 0;  // jobs in a row
    bool more = false;
  };

  // room.cc: which channels may go, and agents kept free for those that find no room.
  void survey(Round& round);
  Obstacle inspect(const Round& round, Channel& channel) const;
  void close_for_room(Round& round, const Channel& channel) const;
  void keep_free(Round& round);
  bool end_keeping(Round& round);
  const Kept* kept_for(const Channel& channel) const;
  bool is_kept(uint32_t agent, uint64_t channel) const;
  QueueTime next_change(Round& round) const;

  void find_matches(Round& round) const;
  bool step(Round& round);
  void place(Round& round, Entry& entry);
  void put_aside(Round& round, Entry& entry, const std::array<uint32_t, 2>& agents);
  void lease(Round& round, Entry& entry, uint32_t agent);

  DispatchPolicy policy_;
  Budgets budgets_;
  std::vector<Kept> kept_;
  QueueTime next_ = QueueTime::max();
};

}  // namespace assay
