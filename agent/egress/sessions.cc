// One table; it is small enough to be walked.
#include "agent/egress/sessions.h"

#include <algorithm>

namespace assay::egress {

std::optional<uint64_t> Sessions::find(const SessionKey& key, Clock::time_point now) {
  auto found = table_.find(key);
  if (found == table_.end()) return std::nullopt;
  found->second.last = now;
  return found->second.id;
}

std::optional<uint64_t> Sessions::to_evict() const {
  if (table_.size() < most_) return std::nullopt;
  auto quietest = std::min_element(table_.begin(), table_.end(), [](const auto& a, const auto& b) {
    return a.second.last < b.second.last;
  });
  return quietest->second.id;
}

void Sessions::add(const SessionKey& key, uint64_t id, std::chrono::seconds idle, Clock::time_point now) {
  table_[key] = {id, now, idle};
}

void Sessions::heard(const SessionKey& key, Clock::time_point now) { (void)find(key, now); }

std::vector<uint64_t> Sessions::expired(Clock::time_point now) const {
  std::vector<uint64_t> out;
  for (const auto& [key, entry] : table_)
    if (now - entry.last >= entry.idle) out.push_back(entry.id);
  return out;
}

}  // namespace assay::egress
