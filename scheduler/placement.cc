// Ranks are hashes of repository and agent. One pass over the agents an answer.
#include "scheduler/placement.h"

#include <algorithm>
#include <utility>

namespace assay {

namespace {

// splitmix64's finalizer.
uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

struct Top {
  struct One {
    uint64_t rank = 0;
    uint32_t agent = 0;
  };
  std::array<One, 2> best;
  size_t found = 0;

  void add(uint64_t rank, uint32_t agent) {
    if (found == 0 || rank > best[0].rank) {
      best[1] = best[0];
      best[0] = {rank, agent};
    } else if (found == 1 || rank > best[1].rank) {
      best[1] = {rank, agent};
    }
    found = std::min<size_t>(found + 1, 2);
  }
};

}  // namespace

bool has_room(const Agents::Row& row, const Need& need) {
  return row.credit > 0 && row.usable && row.cpu_millis >= need.cpu_millis &&
         row.memory_bytes >= need.memory_bytes && runs(row, need) && (row.kept_for == 0 || row.kept_for == need.channel);
}

bool is_large_enough(const Agents::Row& row, const Need& need) {
  return row.usable && row.largest_cpu >= need.cpu_millis && row.largest_memory >= need.memory_bytes &&
         runs(row, need) && (row.kept_for == 0 || row.kept_for == need.channel);
}

Preference preferred(const Agents& agents, uint64_t affinity, const Need& need) {
  const auto& rows = agents.rows();
  Top top, ready;
  auto look = [&](uint32_t i) {
    if (!is_large_enough(rows[i], need)) return;
    uint64_t rank = mix(affinity ^ rows[i].seed);
    top.add(rank, i);
    if (has_room(rows[i], need)) ready.add(rank, i);
  };
  Preference preference;
  if (const auto* caching = agents.caching(affinity)) std::for_each(caching->begin(), caching->end(), look);
  bool cached = top.found > 0;
  if (!cached)
    for (uint32_t i = 0; i < rows.size(); ++i) look(i);
  if (top.found == 0) return preference;
  preference.found = true;
  preference.best = {top.best[0].agent, top.best[top.found - 1].agent};
  if (ready.found == 0) return preference;
  uint32_t first = ready.best[0].agent;
  if (cached || first == preference.best[0] || first == preference.best[1]) preference.agent = first;
  return preference;
}

Channel::Fit find_fit(const Agents& agents, const Need& need) {
  Channel::Fit fit;
  fit.platform = false;
  for (const auto& row : agents.rows()) {
    if (!row.usable || !runs(row, need)) continue;
    fit.platform = true;
    fit.largest_cpu = std::max(fit.largest_cpu, row.largest_cpu);
    fit.largest_memory = std::max(fit.largest_memory, row.largest_memory);
    fit.any |= row.largest_cpu >= need.cpu_millis && row.largest_memory >= need.memory_bytes;
  }
  return fit;
}

std::optional<uint32_t> roomiest(const Agents& agents, uint64_t affinity, const Need& need) {
  const auto& rows = agents.rows();
  std::optional<uint32_t> best;
  uint64_t best_rank = 0;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (!has_room(rows[i], need)) continue;
    if (best && rows[i].credit < rows[*best].credit) continue;
    uint64_t rank = mix(affinity ^ rows[i].seed);
    if (best && rows[i].credit == rows[*best].credit && rank <= best_rank) continue;
    best = i;
    best_rank = rank;
  }
  return best;
}

std::optional<uint32_t> closest_to_room(const Agents& agents, const Need& need) {
  const auto& rows = agents.rows();
  std::optional<uint32_t> best;
  double best_share = -1;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (rows[i].kept_for != 0 || !is_large_enough(rows[i], need)) continue;
    double cpu = rows[i].cpu_millis / std::max<double>(need.cpu_millis, 1);
    double memory = static_cast<double>(rows[i].memory_bytes) /
                    std::max<double>(static_cast<double>(need.memory_bytes), 1);
    double share = std::min({cpu, memory, 1.0});
    if (best && std::pair(rows[i].kept_before, -share) >= std::pair(rows[*best].kept_before, -best_share))
      continue;
    best = i;
    best_share = share;
  }
  return best;
}

}  // namespace assay
