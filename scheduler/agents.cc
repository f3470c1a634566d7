// What agents say of themselves, kept.
#include "scheduler/agents.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "common/platform.h"

namespace assay {

namespace {

// Names come from keys that were allowed, or from this host. Beyond so many, one that is gone makes room.
constexpr size_t kManyAgents = 10000;
// Bits of Row::platforms; the last is nobody's. There are not as many platforms.
constexpr size_t kManyPlatforms = 63;
constexpr uint64_t kNobodys = uint64_t{1} << 63;

// FNV-1a: the same in every run and on every machine, so that a restart does not move what is preferred.
uint64_t hash(std::string_view text) {
  uint64_t value = 0xcbf29ce484222325;
  for (char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return value;
}

}  // namespace

const char* to_string(Agents::Mode mode) {
  switch (mode) {
    case Agents::Mode::active:
      return "active";
    case Agents::Mode::draining:
      return "draining";
    case Agents::Mode::fenced:
      return "fenced";
  }
  return "?";
}

// A row for a newcomer: its own, or that of the one who has been gone for the longest.
uint32_t Agents::free_row() {
  if (!free_.empty()) {
    uint32_t row = free_.back();
    free_.pop_back();
    return row;
  }
  if (rows_.size() >= kManyAgents) {
    size_t oldest = rows_.size();
    for (size_t i = 0; i < known_.size(); ++i) {
      if (known_[i].connected || known_[i].mode != Mode::active) continue;
      if (oldest == rows_.size() || known_[i].last_seen < known_[oldest].last_seen) oldest = i;
    }
    if (oldest < rows_.size()) {
      auto row = static_cast<uint32_t>(oldest);
      forget_all_cached(row);
      indices_.erase(known_[row].name);
      return row;
    }
  }
  rows_.emplace_back();
  known_.emplace_back();
  return static_cast<uint32_t>(rows_.size() - 1);
}

uint32_t Agents::row_of(const std::string& name) {
  if (auto it = indices_.find(name); it != indices_.end()) return it->second;
  uint32_t row = free_row();
  indices_[name] = row;
  rows_[row] = {};
  rows_[row].seed = hash(name);
  known_[row] = {};
  known_[row].name = name;
  return row;
}

// After a change of connection, mode or capacity.
void Agents::update(uint32_t row) {
  const Known& known = known_[row];
  rows_[row].usable = known.connected && known.mode == Mode::active;
  rows_[row].largest_cpu = known.capacity.cpu_millis;
  rows_[row].largest_memory = known.capacity.memory_bytes;
  ++generation_;
}

void Agents::hello(const std::string& name, const wire::Capacity& capacity,
                   const std::vector<uint64_t>& cached, QueueTime now,
                   const std::vector<std::string>& platforms) {
  uint32_t row = row_of(name);
  Known& known = known_[row];
  known.connected = true;
  known.capacity = capacity;
  known.why.clear();
  known.last_seen = now;
  rows_[row].credit = 0;
  rows_[row].cpu_millis = 0;
  rows_[row].memory_bytes = 0;
  learn_platforms(row, platforms);
  update(row);
  forget_all_cached(row);
  for (uint64_t affinity : cached) remember(name, affinity);
}

// Written in any of their ways; what is no platform is left out.
void Agents::learn_platforms(uint32_t row, const std::vector<std::string>& platforms) {
  known_[row].platforms.clear();
  rows_[row].platforms = 0;
  for (const std::string& said : platforms) {
    auto platform = parse_platform(said);
    if (!platform) continue;
    auto it = std::find(platforms_.begin(), platforms_.end(), *platform);
    if (it == platforms_.end() && platforms_.size() == kManyPlatforms) continue;
    if (it == platforms_.end()) it = platforms_.insert(it, *platform);
    rows_[row].platforms |= uint64_t{1} << (it - platforms_.begin());
    known_[row].platforms.push_back(*platform);
  }
}

uint64_t Agents::platform_bits(const std::string& platform) const {
  if (platform.empty()) return 0;
  auto it = std::find(platforms_.begin(), platforms_.end(), platform);
  return it == platforms_.end() ? kNobodys : uint64_t{1} << (it - platforms_.begin());
}

std::vector<std::string> Agents::platforms() const {
  std::set<std::string> all;
  for (const Known& known : known_)
    if (known.connected) all.insert(known.platforms.begin(), known.platforms.end());
  return {all.begin(), all.end()};
}

void Agents::want(const std::string& name, const wire::Want& want, QueueTime now) {
  auto it = indices_.find(name);
  if (it == indices_.end() || !known_[it->second].connected) return;
  Known& known = known_[it->second];
  Row& row = rows_[it->second];
  known.last_seen = now;
  known.why = want.why;
  row.credit = std::min(want.credit, static_cast<uint32_t>(wire::kMaxHeld));
  row.cpu_millis = std::min(want.cpu_millis, known.capacity.cpu_millis);
  row.memory_bytes = std::min(want.memory_bytes, known.capacity.memory_bytes);
}

void Agents::seen(const std::string& name, QueueTime now) {
  if (auto it = indices_.find(name); it != indices_.end()) known_[it->second].last_seen = now;
}

bool Agents::has_cached(const std::string& name, uint64_t affinity) const {
  auto row = indices_.find(name);
  auto who = caching_.find(affinity);
  if (row == indices_.end() || who == caching_.end()) return false;
  return std::find(who->second.begin(), who->second.end(), row->second) != who->second.end();
}

void Agents::lost(const std::string& name) {
  auto it = indices_.find(name);
  if (it == indices_.end() || !known_[it->second].connected) return;
  known_[it->second].connected = false;
  rows_[it->second].credit = 0;
  rows_[it->second].cpu_millis = 0;
  rows_[it->second].memory_bytes = 0;
  update(it->second);
}

void Agents::forget(const std::string& name) {
  auto it = indices_.find(name);
  if (it == indices_.end() || known_[it->second].connected) return;
  uint32_t row = it->second;
  forget_all_cached(row);
  indices_.erase(it);  // `name` may be the one of the row
  known_[row] = {};
  rows_[row] = {};
  free_.push_back(row);
  ++generation_;
}

std::vector<std::string> Agents::unheard_since(QueueTime since) const {
  std::vector<std::string> out;
  for (const Known& known : known_)
    if (!known.name.empty() && !known.connected && known.mode != Mode::fenced && known.last_seen < since)
      out.push_back(known.name);
  std::sort(out.begin(), out.end());
  return out;
}

void Agents::set_mode(const std::string& name, Mode mode) {
  uint32_t row = row_of(name);
  Known& known = known_[row];
  known.mode = mode;
  if (mode != Mode::fenced && !known.fencing.scan_id.empty()) known.lifted = std::exchange(known.fencing, {});
  update(row);
}

Agents::Mode Agents::mode(const std::string& name) const {
  auto it = indices_.find(name);
  return it == indices_.end() ? Mode::active : known_[it->second].mode;
}

void Agents::remember(const std::string& name, uint64_t affinity) {
  auto it = indices_.find(name);
  if (it == indices_.end() || affinity == 0) return;
  std::vector<uint64_t>& cached = known_[it->second].cached;
  if (!cached.empty() && cached.back() == affinity) return;
  auto known = std::find(cached.begin(), cached.end(), affinity);
  if (known != cached.end()) {
    std::rotate(known, known + 1, cached.end());
    return;
  }
  if (cached.size() >= wire::kMaxCached) {
    forget_cached(it->second, cached.front());
    cached.erase(cached.begin());
  }
  cached.push_back(affinity);
  caching_[affinity].push_back(it->second);
}

void Agents::forget_cached(uint32_t row, uint64_t affinity) {
  auto it = caching_.find(affinity);
  if (it == caching_.end()) return;
  std::erase(it->second, row);
  if (it->second.empty()) caching_.erase(it);
}

void Agents::forget_all_cached(uint32_t row) {
  for (uint64_t affinity : known_[row].cached) forget_cached(row, affinity);
  known_[row].cached.clear();
}

const std::vector<uint32_t>* Agents::caching(uint64_t affinity) const {
  auto it = caching_.find(affinity);
  return it == caching_.end() ? nullptr : &it->second;
}

void Agents::give(uint32_t row, uint32_t cpu_millis, uint64_t memory_bytes) {
  Row& given = rows_[row];
  given.credit -= std::min(given.credit, 1u);
  given.cpu_millis -= std::min(given.cpu_millis, cpu_millis);
  given.memory_bytes -= std::min(given.memory_bytes, memory_bytes);
}

std::vector<Agents::View> Agents::list(const Queue& queue) const {
  std::vector<View> views;
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    const Known& known = known_[i];
    const Row& row = rows_[i];
    if (known.name.empty()) continue;
    views.push_back({known.name, known.mode, known.connected, known.capacity, known.platforms, row.credit,
                     known.why, row.cpu_millis, row.memory_bytes, queue.leased_by(known.name),
                     known.cached.size(), known.last_seen, known.fencing});
  }
  std::sort(views.begin(), views.end(), [](const View& a, const View& b) { return a.name < b.name; });
  return views;
}

}  // namespace assay
