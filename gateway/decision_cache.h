// decision_cache: what was decided a short while ago, by policy, digest and the reference asked about, so
// that the hundredth pod of a deployment asks nobody. Bounded in size and time: results come, waivers expire.
// Any thread may use it; a policy that was changed has another sha256, and so finds nothing.
#pragma once

#include <chrono>
#include <compare>
#include <memory>
#include <optional>
#include <string>

#include "decisions/decide.h"

namespace assay::gateway {

struct DecisionKey {
  std::string policy_sha256, digest;
  std::string ref;  // as it was asked about: waivers go by it

  auto operator<=>(const DecisionKey&) const = default;
};

class DecisionCache {
 public:
  using Clock = std::chrono::steady_clock;

  /// At most `size` decisions (the oldest go), each for at most `time`; 0: none.
  DecisionCache(size_t size, std::chrono::milliseconds time);
  ~DecisionCache();

  std::optional<decisions::Decision> find(const DecisionKey& key, Clock::time_point now) const;
  /// In place of what was kept for the key. `time`: if it is to be for less than the cache's own.
  void keep(const DecisionKey& key, decisions::Decision decision, Clock::time_point now,
            std::optional<std::chrono::milliseconds> time = {});
  size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::gateway
