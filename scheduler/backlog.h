// backlog: the order in which ready jobs leave the queue. Pure. Lanes by urgency, with aging; in a lane
// tenants by weight, in a tenant batches alike, in a batch the oldest job first. Jobs of a lane that come
// from one registry and need the same room and platform form a channel: they may all go or none, so that dispatch closes a
// channel and nobody looks at its jobs. Fed by queue, emptied by dispatch.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "scheduler/entry.h"
#include "scheduler/fair.h"

namespace assay {

/// By how much longer than the head of the lane above a job must have waited to be its equal, by lane; the
/// first is not used.
using AgingSteps = std::array<std::chrono::milliseconds, kLanes>;
inline constexpr AgingSteps kAging{std::chrono::minutes(10), std::chrono::minutes(10),
                                   std::chrono::minutes(10), std::chrono::minutes(10)};

using EntryOrder = EntryList<&Entry::order>;
using EntryAge = EntryList<&Entry::age>;

struct Branch;

struct BatchShare {
  uint64_t number = 0;
  FairAccount account;  // among the tenant's batches
  size_t jobs = 0;
};

struct TenantShare {
  uint64_t number = 0;
  FairAccount account;  // among the lane's tenants
  FairClock clock;      // of its batches
  std::unordered_map<std::string, BatchShare> batches;
  size_t jobs = 0;
};

/// What one batch has in one channel: first in, first out.
struct Flow {
  Branch* branch = nullptr;
  BatchShare* batch = nullptr;
  EntryOrder returned, fresh;  // `returned` go first
  Ranked<Flow> rank;
  bool ranked = false;  // it is, while it has any that are not held
  size_t jobs = 0;      // held ones too
  Entry* head() const { return returned.empty() ? fresh.front() : returned.front(); }
};

/// Why a channel's jobs cannot go now.
struct Obstacle {
  enum class Kind : uint8_t { none, no_agent, no_platform, too_large, no_room, budget, blocked };
  Kind kind = Kind::none;
  QueueTime until{};            // budget, blocked: when the registry may be asked again
  uint32_t largest_cpu = 0;     // too_large: the most that any agent has
  uint64_t largest_memory = 0;  // too_large
};

struct Channel {
  uint64_t number = 0;  // of its own; never used again
  Lane lane = Lane::gate;
  std::string registry;
  uint32_t cpu_millis = 0;
  uint64_t memory_bytes = 0;
  std::string platform;  // empty: any
  std::unordered_map<const TenantShare*, Branch> branches;
  std::set<Ranked<Branch>> ranking;
  EntryAge age;  // all of its jobs, the one that waits longest first

  // Dispatch's, which is the one to set them.
  Obstacle obstacle;
  struct Fit {
    bool any = false;          // some agent is large enough
    bool platform = true;      // some agent runs its platform
    uint32_t largest_cpu = 0;  // the most that any agent has
    uint64_t largest_memory = 0;
  };
  Fit fits;
  uint64_t platforms = 0;    // its platform as Agents::platform_bits() has it; right as of fits_as_of
  uint64_t fits_as_of = 0;                 // Agents::generation() when it was found; 0: not yet
  std::optional<QueueTime> no_room_since;  // none was found since

  size_t place = 0;  // in its lane's list
  bool open() const { return obstacle.kind == Obstacle::Kind::none; }
  QueueTime oldest() const { return age.front()->since; }
};

/// What one tenant has in one channel.
struct Branch {
  Channel* channel = nullptr;
  TenantShare* tenant = nullptr;
  std::unordered_map<const BatchShare*, Flow> flows;
  std::set<Ranked<Flow>> ranking;
  Ranked<Branch> rank;
  bool ranked = false;
};

class Backlog {
 public:
  using Lanes = std::array<bool, kLanes>;
  using Hopes = std::map<uint64_t, Entry*>;  // by number: in the order in which they came

  Backlog() = default;
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  /// Tenants that are not named have weight 1.
  void set_weights(const std::map<std::string, uint32_t>& weights);
  const std::map<std::string, uint32_t>& weights() const { return weights_; }
  void set_aging(const AgingSteps& steps) { aging_ = steps; }

  /// Ready from now on; borrowed until it is removed. At the back of its flow, or at the front.
  void add(Entry& entry, bool front, QueueTime now);
  void remove(Entry& entry);
  /// remove(), and it was the turn of its lane, tenant and batch.
  void take(Entry& entry);

  /// Whose turn it is among the lanes that have a job in an open channel or are in `also`, `shut` ones left
  /// out.
  std::optional<Lane> turn(const Lanes& also, const Lanes& shut) const;
  /// The next job of the lane's open channels that is not held; null when there is none.
  Entry* next(Lane lane);
  /// The lanes that could have the turn if all jobs found room.
  Lanes turns_with_room() const;

  /// Puts a job aside for agents that it had better go to. It counts as its tenant's turn already. After
  /// `until` it is at its flow's front again, for anyone; but it stays among the agents' hopes.
  void hold(Entry& entry, std::array<uint32_t, 2> agents, QueueTime until);
  void end_holds(QueueTime now);
  QueueTime next_hold_end() const {  // max(): none is held
    return holds_.empty() ? QueueTime::max() : holds_.begin()->first.first;
  }
  const Hopes* hopes_of(Lane lane, uint32_t agent) const;          // null: none
  size_t hoping(Lane lane) const { return lane_of(lane).hoping; }  // held, or were
  size_t held(Lane lane) const { return lane_of(lane).held; }

  /// Whether a channel's jobs may go: dispatch's to say.
  void set_obstacle(Channel& channel, const Obstacle& obstacle);
  /// Every channel has a job at least.
  template <typename Visit>
  void each_channel(const Visit& visit) {
    for (auto& lane : lanes_)
      for (Channel* channel : lane.list) visit(*channel);
  }

  size_t size() const;
  size_t size(Lane lane) const { return lane_of(lane).jobs; }
  /// Since when the lane's oldest job waits; max(): it has none.
  QueueTime oldest(Lane lane) const;

 private:
  // Of a lane's open channels; kept until something changes, since every turn asks.
  struct Ages {
    bool right = false;
    QueueTime oldest{};  // job
    QueueTime next{};    // oldest of the channels that have a job that is not held
  };
  struct LaneState {
    size_t jobs = 0;
    uint64_t last_turn = 0;
    FairClock clock;  // of its tenants
    std::unordered_map<std::string, TenantShare> tenants;
    std::map<std::tuple<std::string, uint32_t, uint64_t, std::string>, Channel, std::less<>> channels;
    std::vector<Channel*> list;  // the same
    mutable Ages ages;
    std::unordered_map<uint32_t, Hopes> hopes;  // by agent
    size_t hoping = 0, held = 0;                // jobs
  };

  LaneState& lane_of(Lane lane) { return lanes_[static_cast<size_t>(lane)]; }
  const LaneState& lane_of(Lane lane) const { return lanes_[static_cast<size_t>(lane)]; }
  uint32_t weight_of(const std::string& tenant) const;
  Channel& channel_of(const QueuedJob& job);
  Flow& flow_of(const QueuedJob& job);
  void unlink(Entry& entry);
  void rank(Flow& flow);
  void charge(Entry& entry);
  void forget_hopes(Entry& entry);
  void drop(Flow& flow, const QueuedJob& job);
  const Ages& ages(const LaneState& lane) const;
  Lanes rivals(const std::array<QueueTime, kLanes>& oldest) const;

  std::array<LaneState, kLanes> lanes_;
  AgingSteps aging_ = kAging;
  std::map<std::string, uint32_t> weights_;
  std::map<std::pair<QueueTime, uint64_t>, Entry*> holds_;  // by their end
  uint64_t numbers_ = 0;
  uint64_t turns_ = 0;
};

}  // namespace assay
