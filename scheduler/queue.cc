// The queue's transitions: submitted, leased, lapsed, ended.
#include "scheduler/queue.h"

#include <cassert>
#include <utility>

#include "scheduler/holder.h"

namespace assay {

bool Queue::Earlier::operator()(const Holder* a, const Holder* b) const {
  return std::tie(a->end, a->name) < std::tie(b->end, b->name);
}
bool Queue::Earlier::operator()(const Entry* a, const Entry* b) const {
  return std::tie(a->since, a->number) < std::tie(b->since, b->number);
}

Queue::Queue(QueueLimits limits) : limits_(limits) {}
Queue::~Queue() = default;

Entry* Queue::entry_of(const std::string& scan_id) const {
  auto it = jobs_.find(scan_id);
  return it == jobs_.end() ? nullptr : it->second.get();
}

Entry* Queue::held_by(const std::string& agent, const std::string& scan_id, uint32_t attempt) const {
  Entry* entry = entry_of(scan_id);
  if (entry == nullptr || entry->place != Entry::Place::leased) return nullptr;
  return entry->job.attempts == attempt && entry->holder->name == agent ? entry : nullptr;
}

Entry& Queue::insert(QueuedJob job) {
  auto made = std::make_unique<Entry>();
  Entry& entry = *made;
  entry.job = std::move(job);
  [[maybe_unused]] auto [it, fresh] = jobs_.try_emplace(entry.job.scan_id, std::move(made));
  assert(fresh);
  return entry;
}

void Queue::erase(Entry& entry) { jobs_.erase(jobs_.find(entry.job.scan_id)); }

void Queue::count(const Entry& entry, int change) {
  LaneStats& lane = lanes_[static_cast<size_t>(entry.job.lane)];
  auto tenant = tenants_.try_emplace(entry.job.tenant).first;
  bool is_leased = entry.place == Entry::Place::leased;
  (is_leased ? tenant->second.leased : tenant->second.waiting) += static_cast<size_t>(change);
  if (is_leased) lane.leased += static_cast<size_t>(change);
  if (entry.place == Entry::Place::delayed) lane.delayed += static_cast<size_t>(change);
  if (tenant->second.leased + tenant->second.waiting == 0) tenants_.erase(tenant);
}

void Queue::submit(QueuedJob job, QueueTime now) {
  Entry& entry = insert(std::move(job));
  backlog_.add(entry, false, forward(now));
  count(entry, 1);
}

void Queue::restore(QueuedJob job, const std::string& agent, QueueTime now) {
  Entry& entry = insert(std::move(job));
  give(entry, agent, forward(now));
  count(entry, 1);
}

uint32_t Queue::lease(Entry& entry, const std::string& agent, QueueTime now) {
  assert(entry.place == Entry::Place::ready || entry.place == Entry::Place::held);
  count(entry, -1);
  backlog_.take(entry);
  entry.job.attempts += 1;
  give(entry, agent, forward(now));
  count(entry, 1);
  return entry.job.attempts;
}

// A lease ends when its agent was silent for long enough, and not sooner than that after it was given: the
// first of an agent's leases ends first.
void Queue::file(Holder& holder) {
  auto node = ends_.extract(&holder);
  holder.end = std::max(holder.leases.front()->since, holder.heard) + limits_.lease;
  if (node.empty())
    ends_.insert(&holder);
  else
    ends_.insert(std::move(node));
}

void Queue::give(Entry& entry, const std::string& agent, QueueTime now) {
  auto it = holders_.find(agent);
  if (it == holders_.end()) {
    auto made = std::make_unique<Holder>();
    made->name = agent;
    std::string_view name = made->name;
    it = holders_.try_emplace(name, std::move(made)).first;
  }
  Holder& holder = *it->second;
  entry.place = Entry::Place::leased;
  entry.since = now;
  entry.number = ++numbers_;
  entry.holder = &holder;
  holder.leases.push_back(entry);
  if (holder.leases.size() == 1) file(holder);
}

// Out of its agent's hands.
void Queue::take(Entry& entry) {
  Holder& holder = *entry.holder;
  bool first = holder.leases.front() == &entry;
  holder.leases.erase(entry);
  entry.holder = nullptr;
  if (holder.leases.empty()) {
    ends_.erase(&holder);
    holders_.erase(holders_.find(holder.name));
  } else if (first) {
    file(holder);
  }
}

void Queue::renew(const std::string& agent, QueueTime now) {
  auto it = holders_.find(agent);
  if (it == holders_.end()) return;
  it->second->heard = forward(now);
  file(*it->second);
}

bool Queue::complete(const std::string& agent, const std::string& scan_id, uint32_t attempt) {
  Entry* entry = held_by(agent, scan_id, attempt);
  if (entry == nullptr) return false;
  count(*entry, -1);
  take(*entry);
  erase(*entry);
  return true;
}

std::optional<std::string> Queue::cancel(const std::string& scan_id) {
  Entry* entry = entry_of(scan_id);
  if (entry == nullptr) return std::nullopt;
  auto name = holder(scan_id);
  count(*entry, -1);
  if (entry->place == Entry::Place::leased)
    take(*entry);
  else if (entry->place == Entry::Place::delayed)
    delayed_.erase(entry);
  else
    backlog_.remove(*entry);
  erase(*entry);
  return name;
}

// A lease that counts as failed.
Lapse Queue::lapse(Entry& entry, QueueTime now) {
  QueuedJob& job = entry.job;
  job.failures += 1;
  Lapse lapse{job.scan_id, job.attempts, entry.holder->name, job.failures, job.failures >= limits_.failures};
  count(entry, -1);
  take(entry);
  if (lapse.given_up) {
    erase(entry);
    return lapse;
  }
  auto delay = limits_.first_delay;
  for (uint32_t i = 1; i < job.failures && delay < limits_.longest_delay; ++i) delay *= 2;
  entry.place = Entry::Place::delayed;
  entry.since = now + std::min(delay, limits_.longest_delay);
  entry.number = ++numbers_;
  delayed_.insert(&entry);
  count(entry, 1);
  return lapse;
}

std::optional<Lapse> Queue::fail(const std::string& agent, const std::string& scan_id, uint32_t attempt,
                                 QueueTime now) {
  Entry* entry = held_by(agent, scan_id, attempt);
  if (entry == nullptr) return std::nullopt;
  return lapse(*entry, forward(now));
}

std::optional<Lapse> Queue::hand_back(const std::string& agent, const std::string& scan_id, uint32_t attempt,
                                      QueueTime now) {
  Entry* entry = held_by(agent, scan_id, attempt);
  if (entry == nullptr) return std::nullopt;
  Lapse lapse{scan_id, attempt, agent, entry->job.failures, false};
  count(*entry, -1);
  take(*entry);
  backlog_.add(*entry, true, forward(now));
  count(*entry, 1);
  return lapse;
}

void Queue::wake(QueueTime now) {
  now = forward(now);
  while (!delayed_.empty() && (*delayed_.begin())->since <= now) {
    Entry& entry = **delayed_.begin();
    delayed_.erase(delayed_.begin());
    count(entry, -1);
    backlog_.add(entry, false, now);
    count(entry, 1);
  }
}

std::vector<Lapse> Queue::expire(QueueTime now) {
  now = forward(now);
  std::vector<Lapse> lapses;
  while (!ends_.empty() && (*ends_.begin())->end <= now)
    lapses.push_back(lapse(*(*ends_.begin())->leases.front(), now));
  wake(now);
  return lapses;
}

std::vector<Lapse> Queue::release(const std::string& agent,
                                  const std::set<std::pair<std::string, uint32_t>>& held, QueueTime now) {
  auto it = holders_.find(agent);
  if (it == holders_.end()) return {};
  std::vector<Entry*> lost;
  for (Entry* entry = it->second->leases.front(); entry != nullptr; entry = EntryOrder::after(*entry))
    if (!held.contains({entry->job.scan_id, entry->job.attempts})) lost.push_back(entry);
  std::vector<Lapse> lapses;
  for (Entry* entry : lost) lapses.push_back(lapse(*entry, forward(now)));
  return lapses;
}

QueueTime Queue::next_deadline() const {
  QueueTime first = QueueTime::max();
  if (!ends_.empty()) first = (*ends_.begin())->end;
  if (!delayed_.empty()) first = std::min(first, (*delayed_.begin())->since);
  return first;
}

}  // namespace assay
