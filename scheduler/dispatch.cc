// The turns: next job, its agent, lease.
#include "scheduler/dispatch.h"

#include <algorithm>

#include "scheduler/placement.h"

namespace assay {

namespace {

constexpr size_t kLooked = 32;  // jobs put aside for an agent that are looked at when it has credit
constexpr size_t kAside = 4;    // jobs put aside at once, by usable agent, beside a window of them

}  // namespace

Dispatch::Dispatch(DispatchPolicy policy)
    : policy_(std::move(policy)), budgets_(policy_.budgets, policy_.default_budget) {}

void Dispatch::set_policy(DispatchPolicy policy) {
  policy_ = std::move(policy);
  budgets_.set_limits(policy_.budgets, policy_.default_budget);
}

std::vector<Dispatch::Assignment> Dispatch::assign(Queue& queue, Agents& agents, QueueTime now, size_t most) {
  Backlog& backlog = queue.backlog();
  next_ = QueueTime::max();
  queue.wake(now);
  backlog.end_holds(now);
  backlog.set_aging(policy_.aging);
  if (backlog.weights() != policy_.weights) backlog.set_weights(policy_.weights);
  budgets_.forget_idle(now);
  if (backlog.size() == 0 && kept_.empty()) return {};
  Round round{queue, agents, now, {}, 0, 0, 0, 0, {}, {}, 0, false};
  survey(round);
  keep_free(round);
  if (round.credit > 0 && backlog.size() > 0) {
    find_matches(round);
    while (round.out.size() < most && step(round)) continue;
    if (round.out.size() >= most && round.credit > 0) round.more = true;
    next_ = round.more ? now : next_change(round);
  }
  return std::move(round.out);
}

// Jobs that were put aside for an agent go to it as soon as it can take them, whether their wait has ended or
// not.
void Dispatch::find_matches(Round& round) const {
  const auto& rows = round.agents.rows();
  const Backlog& backlog = round.queue.backlog();
  for (size_t lane = 0; lane < kLanes; ++lane) {
    if (backlog.hoping(static_cast<Lane>(lane)) == 0) continue;
    auto& matches = round.matches[lane];
    for (uint32_t i = 0; i < rows.size(); ++i) {
      if (rows[i].credit == 0 || !rows[i].usable) continue;
      const Backlog::Hopes* hopes = backlog.hopes_of(static_cast<Lane>(lane), i);
      if (hopes == nullptr) continue;
      size_t looked = 0;
      for (auto it = hopes->begin(); it != hopes->end() && looked < kLooked; ++it, ++looked) {
        const Channel& channel = *it->second->flow->branch->channel;
        if (channel.open() && has_room(rows[i], need_of(channel))) matches.push_back({it->second, i});
      }
    }
    // The one that has waited longest is last; of its two agents, the better one.
    std::sort(matches.begin(), matches.end(), [](const Match& a, const Match& b) {
      if (a.entry->number != b.entry->number) return a.entry->number > b.entry->number;
      return a.entry->hopes[0] != a.agent && b.entry->hopes[0] == b.agent;
    });
  }
}

// One turn. False when there is nothing more to do in this call.
bool Dispatch::step(Round& round) {
  if (round.credit == 0) return false;
  if (round.passed > policy_.window) {
    round.more = true;
    return false;
  }
  Backlog::Lanes matched{};
  for (size_t i = 0; i < kLanes; ++i) matched[i] = !round.matches[i].empty();
  auto lane = round.queue.backlog().turn(matched, round.shut);
  if (!lane) return false;
  auto& matches = round.matches[static_cast<size_t>(*lane)];
  if (matches.empty()) {
    if (Entry* entry = round.queue.backlog().next(*lane)) place(round, *entry);
    return true;
  }
  Match match = matches.back();
  matches.pop_back();
  if (match.entry->place == Entry::Place::leased) return true;  // by its other agent
  const Channel& channel = *match.entry->flow->branch->channel;
  if (channel.open() && has_room(round.agents.rows()[match.agent], need_of(channel)))
    lease(round, *match.entry, match.agent);
  return true;
}

void Dispatch::place(Round& round, Entry& entry) {
  const Channel& channel = *entry.flow->branch->channel;
  Need need = need_of(channel);
  uint64_t affinity = entry.job.affinity;
  Preference preference;
  if (affinity != 0) preference = preferred(round.agents, affinity, need);
  std::optional<uint32_t> agent = preference.agent;
  if (!agent) agent = roomiest(round.agents, affinity, need);
  if (!agent)
    close_for_room(round, channel);
  else if (preference.found && !preference.agent && entry.patient && policy_.affinity_wait.count() > 0)
    put_aside(round, entry, preference.best);
  else
    lease(round, entry, *agent);
}

void Dispatch::put_aside(Round& round, Entry& entry, const std::array<uint32_t, 2>& agents) {
  Backlog& backlog = round.queue.backlog();
  if (backlog.held(entry.job.lane) >= policy_.window + kAside * round.usable) {
    round.shut[static_cast<size_t>(entry.job.lane)] = true;
    return;
  }
  ++round.passed;
  backlog.hold(entry, agents, round.now + policy_.affinity_wait);
}

void Dispatch::lease(Round& round, Entry& entry, uint32_t agent) {
  const std::string& name = round.agents.name(agent);
  const std::string& registry = entry.job.registry;
  round.passed = 0;
  round.credit -= 1;
  round.agents.give(agent, entry.job.cpu_millis, entry.job.memory_bytes);
  uint32_t attempt = round.queue.lease(entry, name, round.now);
  round.out.push_back({name, entry.job.scan_id, attempt});
  budgets_.take(registry, round.now);
  QueueTime opens = budgets_.opens(registry);
  if (opens <= round.now) return;
  Backlog& backlog = round.queue.backlog();
  backlog.each_channel([&](Channel& channel) {
    if (channel.registry == registry && channel.open())
      backlog.set_obstacle(channel, {Obstacle::Kind::budget, opens, 0, 0});
  });
}

}  // namespace assay
