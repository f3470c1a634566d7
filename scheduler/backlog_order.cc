// Whose turn it is: lane, tenant, batch, job.
#include <algorithm>
#include <tuple>

#include "scheduler/backlog.h"

namespace assay {

namespace {

// A rank is set when its item comes in and is a lower bound from then on: an account's start only grows. So
// it is enough to correct the first until it is right.
template <typename Item, typename Start>
Item& lowest(std::set<Ranked<Item>>& ranking, const Start& start) {
  for (;;) {
    Item& item = *ranking.begin()->item;
    double due = start(item);
    if (item.rank.rank >= due) return item;
    auto node = ranking.extract(ranking.begin());
    node.value().rank = item.rank.rank = due;
    ranking.insert(std::move(node));
  }
}

}  // namespace

const Backlog::Ages& Backlog::ages(const LaneState& lane) const {
  if (lane.ages.right) return lane.ages;
  lane.ages = {true, QueueTime::max(), QueueTime::max()};
  for (const Channel* channel : lane.list) {
    if (!channel->open()) continue;
    lane.ages.oldest = std::min(lane.ages.oldest, channel->oldest());
    if (!channel->ranking.empty()) lane.ages.next = std::min(lane.ages.next, channel->oldest());
  }
  return lane.ages;
}

// The highest lane, and those whose oldest job has waited long enough to be its equal.
Backlog::Lanes Backlog::rivals(const std::array<QueueTime, kLanes>& oldest) const {
  Lanes lanes{};
  std::optional<size_t> highest;
  std::chrono::milliseconds lead{0};  // of lane i on the highest
  for (size_t i = 0; i < kLanes; ++i) {
    if (highest) lead += aging_[i];
    if (oldest[i] == QueueTime::max()) continue;
    if (!highest) highest = i;
    lanes[i] = oldest[i] + lead <= oldest[*highest];
  }
  return lanes;
}

std::optional<Lane> Backlog::turn(const Lanes& also, const Lanes& shut) const {
  std::array<QueueTime, kLanes> oldest;
  oldest.fill(QueueTime::max());
  for (size_t i = 0; i < kLanes; ++i)
    if (!shut[i]) oldest[i] = also[i] ? ages(lanes_[i]).oldest : ages(lanes_[i]).next;
  Lanes lanes = rivals(oldest);
  std::optional<size_t> chosen;
  for (size_t i = 0; i < kLanes; ++i)
    if (lanes[i] && (!chosen || lanes_[i].last_turn < lanes_[*chosen].last_turn)) chosen = i;
  return chosen ? std::optional(static_cast<Lane>(*chosen)) : std::nullopt;
}

Backlog::Lanes Backlog::turns_with_room() const {
  std::array<QueueTime, kLanes> oldest;
  for (size_t i = 0; i < kLanes; ++i) {
    oldest[i] = ages(lanes_[i]).oldest;
    for (const Channel* other : lanes_[i].list)
      if (other->obstacle.kind == Obstacle::Kind::no_room) oldest[i] = std::min(oldest[i], other->oldest());
  }
  return rivals(oldest);
}

Entry* Backlog::next(Lane lane) {
  LaneState& state = lane_of(lane);
  auto order = [](const Flow& flow) {
    const auto& [rank, number, branch] = flow.branch->rank;
    return std::tuple(rank, number, flow.rank.rank, flow.rank.number, flow.returned.empty(),
                      flow.head()->number);
  };
  Flow* best = nullptr;
  for (Channel* channel : state.list) {
    if (!channel->open() || channel->ranking.empty()) continue;
    if (best != nullptr && channel->ranking.begin()->rank > best->branch->rank.rank)
      continue;  // at least that
    Branch& branch =
        lowest(channel->ranking, [&](const Branch& one) { return one.tenant->account.start(state.clock); });
    Flow& flow = lowest(branch.ranking,
                        [&](const Flow& one) { return one.batch->account.start(branch.tenant->clock); });
    if (best == nullptr || order(flow) < order(*best)) best = &flow;
  }
  return best == nullptr ? nullptr : best->head();
}

size_t Backlog::size() const {
  size_t jobs = 0;
  for (auto& lane : lanes_) jobs += lane.jobs;
  return jobs;
}

QueueTime Backlog::oldest(Lane lane) const {
  QueueTime oldest = QueueTime::max();
  for (const Channel* channel : lane_of(lane).list) oldest = std::min(oldest, channel->oldest());
  return oldest;
}

}  // namespace assay
