#include "bench/farm_sim/fleet.h"

#include <algorithm>
#include <numeric>

namespace assay::bench {

std::vector<std::string> agent_names(size_t count) {
  std::vector<std::string> out;
  for (size_t i = 0; i < count; ++i) out.push_back("sim-" + std::to_string(10000 + i));
  return out;
}

Fleet::Fleet(const farm::Farm& farm, farm::Ledger& ledger, const farm::SimSettings& settings, size_t count,
             uint64_t seed)
    : context_(static_cast<int>(2 * count + 64)), ledger_(ledger) {
  for (const auto& name : agent_names(count))
    agents_.emplace_back(name, settings, seed + agents_.size(),
                         [this, &farm](const std::string& agent) { return farm.connect(context_, agent); });
}

void Fleet::turn(farm::SimTime now) {
  for (auto& agent : agents_)
    agent.turn(now,
               [&](const farm::SimAgent& who, const farm::SimSeen& seen) { ledger_.saw(who, seen, now); });
}

void Fleet::want(bool on) {
  for (auto& agent : agents_) on ? agent.want_again() : agent.stop_wanting();
}

size_t Fleet::welcomed() const {
  return static_cast<size_t>(
      std::count_if(agents_.begin(), agents_.end(), [](const farm::SimAgent& a) { return a.welcomed(); }));
}

bool Fleet::idle() const {
  return std::all_of(agents_.begin(), agents_.end(), [](const farm::SimAgent& a) { return a.idle(); });
}

uint64_t Fleet::crashes() const {
  uint64_t out = 0;
  for (const auto& agent : agents_) out += agent.crashes();
  return out;
}

uint64_t Fleet::partitions() const {
  uint64_t out = 0;
  for (const auto& agent : agents_) out += agent.partitions();
  return out;
}

}  // namespace assay::bench
