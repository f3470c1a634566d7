// dispatch: which agent gets the next job. Pure. Agents ask for work by credit: a lease is only made for one
// who has said it can take it. Fed by queue; the server sends what it returns.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scheduler/queue.h"

namespace assay {

class Dispatch {
 public:
  struct Assignment {
    std::string agent;
    Queue::Grant grant;
  };

  /// The agent's statement of how many leases it can take now; replaces what it said before.
  void set_credit(const std::string& agent, uint32_t credit);
  /// It is gone: nothing more for it.
  void forget(const std::string& agent);
  /// As many jobs as there is credit for, spread over the agents in turn.
  std::vector<Assignment> assign(Queue& queue, Queue::Time now);

 private:
  std::map<std::string, uint32_t> credit_;
  std::string last_;  // who was served last: the turn goes on after it
};

}  // namespace assay
