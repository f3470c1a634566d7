// A map, and the order in which its entries came. A mutex, held for a look: HTTP's threads share it.
#include "gateway/decision_cache.h"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>

namespace assay::gateway {

struct DecisionCache::State {
  struct Entry {
    DecisionKey key;
    decisions::Decision decision;
    Clock::time_point until;
  };

  size_t most;
  std::chrono::milliseconds time;
  mutable std::mutex mutex;
  std::list<Entry> entries;  // oldest first
  std::map<DecisionKey, std::list<Entry>::iterator> by_key;

  void forget(std::map<DecisionKey, std::list<Entry>::iterator>::iterator at) {
    entries.erase(at->second);
    by_key.erase(at);
  }
};

DecisionCache::DecisionCache(size_t size, std::chrono::milliseconds time)
    : state_(new State{size, time, {}, {}, {}}) {}
DecisionCache::~DecisionCache() = default;

std::optional<decisions::Decision> DecisionCache::find(const DecisionKey& key, Clock::time_point now) const {
  std::lock_guard lock(state_->mutex);
  auto at = state_->by_key.find(key);
  if (at == state_->by_key.end()) return std::nullopt;
  if (at->second->until > now) return at->second->decision;
  state_->forget(at);
  return std::nullopt;
}

void DecisionCache::keep(const DecisionKey& key, decisions::Decision decision, Clock::time_point now,
                         std::optional<std::chrono::milliseconds> time) {
  auto lasts = std::min(time.value_or(state_->time), state_->time);
  if (lasts <= std::chrono::milliseconds(0) || state_->most == 0) return;
  std::lock_guard lock(state_->mutex);
  if (auto at = state_->by_key.find(key); at != state_->by_key.end()) state_->forget(at);
  while (state_->entries.size() >= state_->most)
    state_->forget(state_->by_key.find(state_->entries.front().key));
  state_->entries.push_back({key, std::move(decision), now + lasts});
  state_->by_key.emplace(key, std::prev(state_->entries.end()));
}

size_t DecisionCache::size() const {
  std::lock_guard lock(state_->mutex);
  return state_->entries.size();
}

}  // namespace assay::gateway
