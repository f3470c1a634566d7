// Round robin over agents with credit.
#include "scheduler/dispatch.h"

namespace assay {

void Dispatch::set_credit(const std::string& agent, uint32_t credit) { credit_[agent] = credit; }

void Dispatch::forget(const std::string& agent) { credit_.erase(agent); }

std::vector<Dispatch::Assignment> Dispatch::assign(Queue& queue, Queue::Time now) {
  std::vector<Assignment> out;
  size_t idle = 0;  // agents passed over in a row because they have no credit
  while (queue.waiting() > 0 && idle < credit_.size()) {
    auto it = credit_.upper_bound(last_);
    if (it == credit_.end()) it = credit_.begin();
    last_ = it->first;
    if (it->second == 0) {
      ++idle;
      continue;
    }
    idle = 0;
    it->second -= 1;
    out.push_back({it->first, *queue.lease(it->first, now)});
  }
  return out;
}

}  // namespace assay
