// What the queue says of itself: counts, why a job waits, and its whole state in a line.
#include <algorithm>

#include "scheduler/holder.h"
#include "scheduler/queue.h"

namespace assay {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

std::string amount(uint64_t bytes) {
  constexpr std::pair<uint64_t, const char*> kUnits[] = {
      {1ull << 30, " GiB"}, {1ull << 20, " MiB"}, {1ull << 10, " KiB"}};
  for (auto [unit, name] : kUnits) {
    if (bytes < unit) continue;
    std::string text = std::to_string(bytes / unit);
    if (bytes % unit != 0) text += "." + std::to_string(bytes % unit / (unit / 1024) * 10 / 1024);
    return text + name;
  }
  return std::to_string(bytes) + " bytes";
}

std::string cpus(uint32_t millis) {
  std::string text = std::to_string(millis / 1000);
  if (millis % 1000 != 0) text += "." + std::to_string(millis % 1000 / 100);
  return text + (millis == 1000 ? " CPU" : " CPUs");
}

std::string span(std::chrono::nanoseconds time) {
  auto ms = std::max<int64_t>(duration_cast<milliseconds>(time).count(), 0);
  return ms < 1000 ? std::to_string(ms) + " ms" : std::to_string(ms / 1000) + " s";
}

std::string too_large(const Channel& channel) {
  const Obstacle& obstacle = channel.obstacle;
  if (channel.memory_bytes > obstacle.largest_memory)
    return "needs " + amount(channel.memory_bytes) + "; the largest agent has " +
           amount(obstacle.largest_memory);
  if (channel.cpu_millis > obstacle.largest_cpu)
    return "needs " + cpus(channel.cpu_millis) + "; the largest agent has " + cpus(obstacle.largest_cpu);
  return "needs " + cpus(channel.cpu_millis) + " and " + amount(channel.memory_bytes) + "; no agent has both";
}

// Empty when there is no obstacle.
std::string why_not(const Channel& channel, QueueTime now) {
  switch (channel.obstacle.kind) {
    case Obstacle::Kind::none:
      return "";
    case Obstacle::Kind::no_agent:
      return "no agent is connected that takes work";
    case Obstacle::Kind::no_platform:
      return "no agent for " + channel.platform + " is connected that takes work";
    case Obstacle::Kind::too_large:
      return too_large(channel);
    case Obstacle::Kind::no_room:
      return "needs " + cpus(channel.cpu_millis) + " and " + amount(channel.memory_bytes) +
             "; no agent has that free now";
    case Obstacle::Kind::budget:
      return "the pull budget of " + channel.registry + " is used up for " +
             span(channel.obstacle.until - now);
    case Obstacle::Kind::blocked:
      return channel.registry + " asked to be left alone for " + span(channel.obstacle.until - now);
  }
  return "";
}

}  // namespace

bool Queue::knows(const std::string& scan_id) const { return entry_of(scan_id) != nullptr; }

const QueuedJob* Queue::find(const std::string& scan_id) const {
  const Entry* entry = entry_of(scan_id);
  return entry == nullptr ? nullptr : &entry->job;
}

bool Queue::holds(const std::string& agent, const std::string& scan_id, uint32_t attempt) const {
  return held_by(agent, scan_id, attempt) != nullptr;
}

std::optional<std::string> Queue::holder(const std::string& scan_id) const {
  const Entry* entry = entry_of(scan_id);
  if (entry == nullptr || entry->place != Entry::Place::leased) return std::nullopt;
  return entry->holder->name;
}

size_t Queue::ready() const { return backlog_.size(); }
size_t Queue::delayed() const { return delayed_.size(); }
size_t Queue::leased() const { return jobs_.size() - delayed() - ready(); }
size_t Queue::leased_by(const std::string& agent) const {
  auto it = holders_.find(agent);
  return it == holders_.end() ? 0 : it->second->leases.size();
}
const std::map<std::string, Queue::TenantStats>& Queue::tenants() const { return tenants_; }

std::array<Queue::LaneStats, kLanes> Queue::lanes(QueueTime now) const {
  auto lanes = lanes_;
  for (size_t i = 0; i < kLanes; ++i) {
    lanes[i].ready = backlog_.size(static_cast<Lane>(i));
    QueueTime oldest = backlog_.oldest(static_cast<Lane>(i));
    if (oldest < now) lanes[i].oldest_wait = duration_cast<milliseconds>(now - oldest);
  }
  return lanes;
}

std::string Queue::explain(const std::string& scan_id, QueueTime now) const {
  const Entry* entry = entry_of(scan_id);
  if (entry == nullptr) return "";
  const QueuedJob& job = entry->job;
  switch (entry->place) {
    case Entry::Place::leased:
      return "leased to " + entry->holder->name + " for " + span(now - entry->since) + ", attempt " +
             std::to_string(job.attempts);
    case Entry::Place::delayed:
      return "waits " + span(entry->since - now) + " more, after failure " + std::to_string(job.failures) +
             " of " + std::to_string(limits_.failures);
    case Entry::Place::held:
    case Entry::Place::ready:
      break;
  }
  if (std::string text = why_not(*entry->flow->branch->channel, now); !text.empty()) return text;
  if (entry->place == Entry::Place::held)
    return "waits " + span(entry->held_until - now) + " more for an agent that is likely to have its layers";
  size_t above = 0;
  for (size_t i = 0; i < static_cast<size_t>(job.lane); ++i) above += backlog_.size(static_cast<Lane>(i));
  return "waits for its turn: " + std::to_string(backlog_.size(job.lane)) + " ready in lane " +
         to_string(job.lane) + ", " + std::to_string(above) + " in the lanes above";
}

std::string Queue::render() const {
  std::map<std::string_view, const Entry*> sorted;
  for (auto& [id, entry] : jobs_) sorted[id] = entry.get();
  std::string waiting = "ready:", late = "; delayed:", out = "; leased:";
  for (auto& [id, entry] : sorted) {
    std::string name = " " + std::string(id);
    if (entry->place == Entry::Place::leased)
      out += name + "/" + std::to_string(entry->job.attempts) + " by " + entry->holder->name;
    else if (entry->place == Entry::Place::delayed)
      late += name + " until " +
              std::to_string(duration_cast<milliseconds>(entry->since.time_since_epoch()).count()) + " ms";
    else
      waiting += name;
  }
  return waiting + late + out;
}

}  // namespace assay
