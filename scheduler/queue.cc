// The queue's transitions.
#include "scheduler/queue.h"

#include <algorithm>
#include <cassert>

namespace assay {

void Queue::submit(const std::string& scan_id, const Job& job, uint32_t attempts_made) {
  assert(!jobs_.contains(scan_id));
  jobs_[scan_id] = {job, attempts_made, "", {}};
  waiting_.push_back(scan_id);
}

std::optional<Queue::Grant> Queue::lease(const std::string& agent, Time now) {
  if (waiting_.empty()) return std::nullopt;
  std::string scan_id = waiting_.front();
  waiting_.pop_front();
  Entry& entry = jobs_.at(scan_id);
  entry.attempts += 1;
  entry.agent = agent;
  entry.until = now + limits_.lease;
  leased_.insert(scan_id);
  return Grant{scan_id, entry.attempts, entry.job};
}

bool Queue::holds(const std::string& agent, const std::string& scan_id, uint32_t attempt) const {
  if (!leased_.contains(scan_id)) return false;
  const Entry& entry = jobs_.at(scan_id);
  return entry.attempts == attempt && entry.agent == agent;
}

void Queue::renew(const std::string& agent, Time now) {
  for (const auto& scan_id : leased_) {
    Entry& entry = jobs_.at(scan_id);
    if (entry.agent == agent) entry.until = now + limits_.lease;
  }
}

bool Queue::complete(const std::string& agent, const std::string& scan_id, uint32_t attempt) {
  if (!holds(agent, scan_id, attempt)) return false;
  leased_.erase(scan_id);
  jobs_.erase(scan_id);
  return true;
}

std::optional<std::string> Queue::cancel(const std::string& scan_id) {
  auto it = jobs_.find(scan_id);
  if (it == jobs_.end()) return std::nullopt;
  std::optional<std::string> holder;
  if (leased_.erase(scan_id) > 0) holder = it->second.agent;
  std::erase(waiting_, scan_id);
  jobs_.erase(it);
  return holder;
}

std::vector<Queue::Lapse> Queue::expire(Time now) {
  std::vector<Lapse> lapses;
  for (auto it = leased_.begin(); it != leased_.end();) {
    Entry& entry = jobs_.at(*it);
    if (entry.until > now) {
      ++it;
      continue;
    }
    Lapse lapse{*it, entry.attempts, entry.agent, entry.attempts >= limits_.attempts};
    if (lapse.given_up) {
      jobs_.erase(lapse.scan_id);
    } else {
      entry.agent.clear();
      waiting_.push_front(lapse.scan_id);
    }
    it = leased_.erase(it);
    lapses.push_back(std::move(lapse));
  }
  return lapses;
}

std::string Queue::render() const {
  std::string out = "waiting:";
  for (const auto& id : waiting_) out += " " + id;
  out += "; leased:";
  for (const auto& id : leased_)
    out += " " + id + "/" + std::to_string(jobs_.at(id).attempts) + " by " + jobs_.at(id).agent;
  return out;
}

}  // namespace assay
