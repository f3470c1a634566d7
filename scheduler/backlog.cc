// Where jobs join and leave the backlog, and are put aside. The order between them is in backlog_order.cc.
#include "scheduler/backlog.h"

#include <algorithm>
#include <cassert>

namespace assay {

namespace {

template <typename Item>
void put(std::set<Ranked<Item>>& ranking, Item& item, double rank, uint64_t number) {
  item.rank = {rank, number, &item};
  item.ranked = true;
  ranking.insert(item.rank);
}

template <typename Item>
void pull(std::set<Ranked<Item>>& ranking, Item& item) {
  ranking.erase(item.rank);
  item.ranked = false;
}

auto key_of(const QueuedJob& job) { return std::tie(job.registry, job.cpu_millis, job.memory_bytes, job.platform); }

}  // namespace

void Backlog::set_weights(const std::map<std::string, uint32_t>& weights) {
  weights_ = weights;
  for (auto& lane : lanes_)
    for (auto& [name, tenant] : lane.tenants) {
      tenant.account.leave(lane.clock);
      tenant.account.weight = weight_of(name);
      lane.clock.weight += tenant.account.weight;
    }
}

uint32_t Backlog::weight_of(const std::string& tenant) const {
  auto it = weights_.find(tenant);
  return it == weights_.end() ? 1 : std::max(it->second, 1u);
}

Channel& Backlog::channel_of(const QueuedJob& job) {
  LaneState& lane = lane_of(job.lane);
  auto it = lane.channels.find(key_of(job));
  if (it != lane.channels.end()) return it->second;
  Channel& channel = lane.channels[key_of(job)];
  channel.number = ++numbers_;
  channel.lane = job.lane;
  channel.registry = job.registry;
  channel.cpu_millis = job.cpu_millis;
  channel.memory_bytes = job.memory_bytes;
  channel.platform = job.platform;
  channel.place = lane.list.size();
  lane.list.push_back(&channel);
  return channel;
}

Flow& Backlog::flow_of(const QueuedJob& job) {
  LaneState& lane = lane_of(job.lane);
  auto [tenant, new_tenant] = lane.tenants.try_emplace(job.tenant);
  if (new_tenant) {
    tenant->second.number = ++numbers_;
    tenant->second.account.weight = weight_of(job.tenant);
    tenant->second.account.enter(lane.clock);
  }
  auto [batch, new_batch] = tenant->second.batches.try_emplace(job.batch);
  if (new_batch) {
    batch->second.number = ++numbers_;
    batch->second.account.enter(tenant->second.clock);
  }
  Channel& channel = channel_of(job);
  auto [branch, new_branch] = channel.branches.try_emplace(&tenant->second);
  if (new_branch) {
    branch->second.channel = &channel;
    branch->second.tenant = &tenant->second;
  }
  auto [flow, new_flow] = branch->second.flows.try_emplace(&batch->second);
  if (new_flow) {
    flow->second.branch = &branch->second;
    flow->second.batch = &batch->second;
  }
  return flow->second;
}

void Backlog::rank(Flow& flow) {
  if (flow.ranked) return;
  Branch& branch = *flow.branch;
  put(branch.ranking, flow, flow.batch->account.start(branch.tenant->clock), flow.batch->number);
  if (branch.ranked) return;
  const FairClock& clock = lane_of(branch.channel->lane).clock;
  put(branch.channel->ranking, branch, branch.tenant->account.start(clock), branch.tenant->number);
}

void Backlog::unlink(Entry& entry) {
  lane_of(entry.job.lane).ages.right = false;
  Flow& flow = *entry.flow;
  Branch& branch = *flow.branch;
  (entry.returned ? flow.returned : flow.fresh).erase(entry);
  if (flow.head() != nullptr) return;
  pull(branch.ranking, flow);
  if (branch.ranking.empty()) pull(branch.channel->ranking, branch);
}

void Backlog::add(Entry& entry, bool front, QueueTime now) {
  lane_of(entry.job.lane).ages.right = false;
  Flow& flow = flow_of(entry.job);
  entry.place = Entry::Place::ready;
  entry.number = ++numbers_;
  entry.since = now;
  entry.flow = &flow;
  entry.charged = entry.charged && front;
  entry.returned = front;
  entry.patient = true;
  if (front)
    flow.returned.push_front(entry);
  else
    flow.fresh.push_back(entry);
  rank(flow);
  flow.branch->channel->age.push_back(entry);
  ++flow.jobs;
  ++flow.batch->jobs;
  ++flow.branch->tenant->jobs;
  ++lane_of(entry.job.lane).jobs;
}

void Backlog::remove(Entry& entry) {
  lane_of(entry.job.lane).ages.right = false;
  if (entry.place == Entry::Place::held) {
    holds_.erase({entry.held_until, entry.number});
    --lane_of(entry.job.lane).held;
  } else {
    unlink(entry);
  }
  forget_hopes(entry);
  entry.flow->branch->channel->age.erase(entry);
  drop(*entry.flow, entry.job);
  entry.flow = nullptr;
}

// One job less; what has none left goes.
void Backlog::drop(Flow& flow, const QueuedJob& job) {
  LaneState& lane = lane_of(job.lane);
  Branch& branch = *flow.branch;
  Channel& channel = *branch.channel;
  TenantShare& tenant = *branch.tenant;
  BatchShare& batch = *flow.batch;
  --lane.jobs;
  if (--flow.jobs == 0) branch.flows.erase(&batch);
  if (branch.flows.empty()) channel.branches.erase(&tenant);
  if (--batch.jobs == 0) {
    batch.account.leave(tenant.clock);
    tenant.batches.erase(job.batch);
  }
  if (--tenant.jobs == 0) {
    tenant.account.leave(lane.clock);
    lane.tenants.erase(job.tenant);
  }
  if (!channel.age.empty()) return;
  lane.list.back()->place = channel.place;
  lane.list[channel.place] = lane.list.back();
  lane.list.pop_back();
  lane.channels.erase(lane.channels.find(key_of(job)));
}

void Backlog::charge(Entry& entry) {
  if (entry.charged) return;
  entry.charged = true;
  TenantShare& tenant = *entry.flow->branch->tenant;
  tenant.account.charge(lane_of(entry.job.lane).clock);
  entry.flow->batch->account.charge(tenant.clock);
}

void Backlog::take(Entry& entry) {
  charge(entry);
  lane_of(entry.job.lane).last_turn = ++turns_;
  entry.flow->branch->channel->no_room_since.reset();
  remove(entry);
}

void Backlog::set_obstacle(Channel& channel, const Obstacle& obstacle) {
  if (channel.open() != (obstacle.kind == Obstacle::Kind::none)) lane_of(channel.lane).ages.right = false;
  channel.obstacle = obstacle;
}

void Backlog::hold(Entry& entry, std::array<uint32_t, 2> agents, QueueTime until) {
  assert(entry.patient && entry.place == Entry::Place::ready);
  charge(entry);
  unlink(entry);
  entry.place = Entry::Place::held;
  entry.held_until = until;
  holds_[{until, entry.number}] = &entry;
  LaneState& lane = lane_of(entry.job.lane);
  entry.hopes = agents;
  entry.hoping = true;
  for (uint32_t agent : agents) lane.hopes[agent][entry.number] = &entry;
  ++lane.hoping;
  ++lane.held;
}

void Backlog::end_holds(QueueTime now) {
  while (!holds_.empty() && holds_.begin()->first.first <= now) {
    Entry& entry = *holds_.begin()->second;
    holds_.erase(holds_.begin());
    --lane_of(entry.job.lane).held;
    lane_of(entry.job.lane).ages.right = false;
    entry.place = Entry::Place::ready;
    entry.returned = true;
    entry.patient = false;
    entry.flow->returned.push_back(entry);
    rank(*entry.flow);
  }
}

void Backlog::forget_hopes(Entry& entry) {
  if (!entry.hoping) return;
  entry.hoping = false;
  LaneState& lane = lane_of(entry.job.lane);
  --lane.hoping;
  for (uint32_t agent : entry.hopes) {
    auto it = lane.hopes.find(agent);
    if (it == lane.hopes.end()) continue;  // twice the same
    it->second.erase(entry.number);
    if (it->second.empty()) lane.hopes.erase(it);
  }
}

const Backlog::Hopes* Backlog::hopes_of(Lane lane, uint32_t agent) const {
  auto it = lane_of(lane).hopes.find(agent);
  return it == lane_of(lane).hopes.end() ? nullptr : &it->second;
}

}  // namespace assay
