// placement: which agents a job had better go to, and which can take it. Pure. Rendezvous hashing over those
// that have its layers, or over all: an agent that comes or goes moves only the jobs that were its own. Asked
// by dispatch.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "scheduler/agents.h"

namespace assay {

/// What a job needs; `channel` is the number of its channel, for agents that are kept for one.
struct Need {
  uint32_t cpu_millis = 0;
  uint64_t memory_bytes = 0;
  uint64_t channel = 0;
  uint64_t platforms = 0;  // Agents::platform_bits()
};
inline Need need_of(const Channel& channel) {
  return {channel.cpu_millis, channel.memory_bytes, channel.number, channel.platforms};
}

/// It runs the platform, if one is needed.
inline bool runs(const Agents::Row& row, const Need& need) {
  return need.platforms == 0 || (row.platforms & need.platforms) != 0;
}
/// It can take the job now: platform, credit, processors and memory.
bool has_room(const Agents::Row& row, const Need& need);
/// Were it idle.
bool is_large_enough(const Agents::Row& row, const Need& need);

struct Preference {
  std::optional<uint32_t> agent;   // the best of the preferred that has room now
  std::array<uint32_t, 2> best{};  // the two that it is worth to wait for; twice the same when there is one
  bool found = false;              // there are such
};
/// Preferred are the usable agents that have the repository's layers; when there is none, the two that all
/// jobs of this repository are to go to.
Preference preferred(const Agents& agents, uint64_t affinity, const Need& need);

/// Whether any agent is large enough, kept for others or not.
Channel::Fit find_fit(const Agents& agents, const Need& need);

/// The one with most credit of those that have room.
std::optional<uint32_t> roomiest(const Agents& agents, uint64_t affinity, const Need& need);

/// The one to keep free for such a job: large enough, kept for nobody else; of those whose turn it is to be
/// kept, the one that is closest to having room. One that never gets room is not tried again and again.
std::optional<uint32_t> closest_to_room(const Agents& agents, const Need& need);

}  // namespace assay
