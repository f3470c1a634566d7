// Dispatch's look at channels: whose registry may be pulled from, and who finds room. Small jobs that come
// again and again must not take all the room that a large one waits for, so an agent is kept free for it in
// the end.
#include <algorithm>

#include "scheduler/dispatch.h"
#include "scheduler/placement.h"

namespace assay {

namespace {

constexpr size_t kKeptShare = 8;  // one agent in so many may be kept free, and always one

}  // namespace

const Dispatch::Kept* Dispatch::kept_for(const Channel& channel) const {
  for (const Kept& kept : kept_)
    if (kept.channel == channel.number) return &kept;
  return nullptr;
}

bool Dispatch::is_kept(uint32_t agent, uint64_t channel) const {
  return std::any_of(kept_.begin(), kept_.end(),
                     [&](const Kept& kept) { return kept.agent == agent && kept.channel == channel; });
}

void Dispatch::survey(Round& round) {
  Backlog& backlog = round.queue.backlog();
  const auto& rows = round.agents.rows();
  round.usable = 0;
  round.credit = round.most_memory = 0;
  round.most_cpu = 0;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    if (row.kept_for != 0 && !is_kept(i, row.kept_for)) round.agents.keep(i, 0);  // by another Dispatch
    if (!row.usable) continue;
    ++round.usable;
    round.credit += row.credit;
    if (row.credit == 0 || row.kept_for != 0) continue;
    round.most_cpu = std::max(round.most_cpu, row.cpu_millis);
    round.most_memory = std::max(round.most_memory, row.memory_bytes);
  }
  backlog.each_channel([&](Channel& channel) {
    Obstacle obstacle = inspect(round, channel);
    if (obstacle.kind == Obstacle::Kind::no_room && !channel.no_room_since) channel.no_room_since = round.now;
    backlog.set_obstacle(channel, obstacle);
  });
}

Obstacle Dispatch::inspect(const Round& round, Channel& channel) const {
  using Kind = Obstacle::Kind;
  if (round.usable == 0) return {Kind::no_agent, {}, 0, 0};
  if (channel.fits_as_of != round.agents.generation()) {
    channel.fits_as_of = round.agents.generation();
    channel.platforms = round.agents.platform_bits(channel.platform);
    channel.fits = find_fit(round.agents, need_of(channel));
  }
  if (!channel.fits.platform) return {Kind::no_platform, {}, 0, 0};
  if (!channel.fits.any) return {Kind::too_large, {}, channel.fits.largest_cpu, channel.fits.largest_memory};
  if (QueueTime opens = budgets_.opens(channel.registry); opens > round.now)
    return {budgets_.blocked(channel.registry, round.now) ? Kind::blocked : Kind::budget, opens, 0, 0};
  if (round.credit == 0) return {};
  if (channel.cpu_millis <= round.most_cpu && channel.memory_bytes <= round.most_memory) return {};
  const Kept* kept = kept_for(channel);
  if (kept != nullptr && has_room(round.agents.rows()[kept->agent], need_of(channel))) return {};
  return {Kind::no_room, {}, 0, 0};
}

// Nobody has room for a job of this channel: nor for one that needs as much or more. One for another platform
// may go to others.
void Dispatch::close_for_room(Round& round, const Channel& channel) const {
  Backlog& backlog = round.queue.backlog();
  backlog.each_channel([&](Channel& other) {
    if (!other.open() || other.cpu_millis < channel.cpu_millis || other.memory_bytes < channel.memory_bytes)
      return;
    if (!channel.platform.empty() && other.platform != channel.platform) return;
    if (&other != &channel && kept_for(other) != nullptr) return;
    backlog.set_obstacle(other, {Obstacle::Kind::no_room, {}, 0, 0});
    if (!other.no_room_since) other.no_room_since = round.now;
  });
}

// Ends what is no longer wanted or does not help: the job has gone, the agent has, or it is idle and has
// still no room to offer.
bool Dispatch::end_keeping(Round& round) {
  if (kept_.empty()) return false;
  std::map<uint64_t, Channel*> wanted;
  round.queue.backlog().each_channel([&](Channel& channel) {
    auto kind = channel.obstacle.kind;
    bool waits = kind == Obstacle::Kind::none || kind == Obstacle::Kind::no_room;
    if (waits && channel.no_room_since) wanted[channel.number] = &channel;
  });
  size_t ended = std::erase_if(kept_, [&](Kept& kept) {
    const auto& row = round.agents.rows()[kept.agent];
    auto it = wanted.find(kept.channel);
    bool end = it == wanted.end() || row.kept_for != kept.channel || !row.usable;
    if (!end && round.queue.leased_by(round.agents.name(kept.agent)) == 0 &&
        !has_room(row, need_of(*it->second))) {
      if (!kept.idle_since) kept.idle_since = round.now;
      end = round.now - *kept.idle_since >= policy_.room_wait / 4;
      if (end) it->second->no_room_since = round.now;
    } else {
      kept.idle_since.reset();
    }
    if (end && row.kept_for == kept.channel) round.agents.keep(kept.agent, 0);
    return end;
  });
  return ended > 0;
}

void Dispatch::keep_free(Round& round) {
  if (end_keeping(round)) survey(round);
  size_t most = std::max<size_t>(1, round.usable / kKeptShare);
  std::optional<Backlog::Lanes> lanes;
  round.queue.backlog().each_channel([&](Channel& channel) {
    if (!channel.no_room_since || round.now - *channel.no_room_since < policy_.room_wait) return;
    auto kind = channel.obstacle.kind;
    if (kind != Obstacle::Kind::none && kind != Obstacle::Kind::no_room) return;
    if (kept_.size() >= most || kept_for(channel) != nullptr) return;
    if (!lanes) lanes = round.queue.backlog().turns_with_room();
    if (!(*lanes)[static_cast<size_t>(channel.lane)]) return;
    auto agent = closest_to_room(round.agents, need_of(channel));
    if (!agent) return;
    kept_.push_back({channel.number, *agent, std::nullopt});
    round.agents.keep(*agent, channel.number);
  });
}

QueueTime Dispatch::next_change(Round& round) const {
  QueueTime next = round.queue.backlog().next_hold_end();
  round.queue.backlog().each_channel([&](Channel& channel) {
    auto kind = channel.obstacle.kind;
    if (kind == Obstacle::Kind::budget || kind == Obstacle::Kind::blocked)
      next = std::min(next, channel.obstacle.until);
    if (kind != Obstacle::Kind::no_room || !channel.no_room_since || kept_for(channel) != nullptr) return;
    QueueTime due = *channel.no_room_since + policy_.room_wait;
    if (due > round.now) next = std::min(next, due);
  });
  if (!kept_.empty()) next = std::min(next, round.now + policy_.room_wait / 4);
  return next;
}

}  // namespace assay
