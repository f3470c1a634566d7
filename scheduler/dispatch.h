// dispatch: which agent gets which job. Pure. Takes jobs in the backlog's order, passes over those whose
// registry is to be left alone or that find no room now, and sends a job where its layers are likely to be. A
// job waits for such an agent a short, bounded time. Fed by queue and agents; the server sends what it
// returns.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scheduler/agents.h"
#include "scheduler/budget.h"
#include "scheduler/queue.h"

namespace assay {

struct DispatchPolicy {
  /// A job of a lane that has waited by so much longer than the head of the lane above is its equal: the two
  /// lanes take turns. The first lane's is not used.
  std::array<std::chrono::milliseconds, kLanes> aging{std::chrono::minutes(10), std::chrono::minutes(10),
                                                      std::chrono::minutes(10), std::chrono::minutes(10)};
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

  /// Leases at most `most` jobs. Call it whenever a job has come, an agent has said what it can take, or
  /// next_deadline() is reached.
  std::vector<Assignment> assign(Queue& queue, Agents& agents, QueueTime now, size_t most);
  /// The registry has said that it is to be left alone: nobody pulls from it before `until`.
  void block_registry(const std::string& host, QueueTime until);
  /// When assign() could do more though nothing has come: a job's wait, a registry's pause ends, or the last
  /// call did not look at all. max(): never.
  QueueTime next_deadline() const;
};

}  // namespace assay
