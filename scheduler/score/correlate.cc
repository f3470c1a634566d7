// Correlation rules over the stream of matches: windows by rule and group. Those that can only grow towards
// their bound fire when they reach it; the others are judged when their window closes (docs/rules.md).
#include <algorithm>
#include <charconv>
#include <cmath>

#include "scheduler/score/findings.h"
#include "scheduler/score/layers.h"

namespace assay {
namespace {

constexpr size_t kMaxHeld = 10'001;  // of values and times in a window: one more than a bound can ask for
constexpr size_t kMaxValueBytes = 256, kMaxKept = 64;
constexpr int kMaxDepth = 4;

using Type = Correlation::Type;

bool temporal(const Correlation& c) { return c.type == Type::temporal || c.type == Type::temporal_ordered; }

std::string value_of(const Correlation& c, const Record& record) {
  std::string out;
  for (Field field : c.fields) {
    auto value = record.get(field).substr(0, kMaxValueBytes);
    if (value.empty()) return "";  // several are linked by and
    out += std::string(value) + '\n';
  }
  return out;
}

std::optional<double> number_of(const Correlation& c, const Record& record) {
  auto text = record.get(c.fields.at(0));
  double out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(out)) return std::nullopt;
  return out;
}

// The bound, or one above it, that counting up to is enough.
double needed(const Correlation& c) {
  double out = 1;
  for (const auto& bound : c.bounds)
    out = std::max(out, bound.value + (bound.op == Correlation::Bound::Op::gt ? 1 : 0));
  return out;
}

size_t distinct(const std::vector<size_t>& rules) {
  return std::set<size_t>(rules.begin(), rules.end()).size();
}

bool enough(const Correlation& c, size_t seen) {
  return c.bounds.empty() ? seen >= distinct(c.rules) : c.holds(static_cast<double>(seen));
}

std::unique_ptr<Record> kept(const Record& record) {
  auto out = std::make_unique<Record>(record.category());
  size_t left = kMaxKept;
  for (const auto& entry : record.entries())
    if (left-- > 0)
      out->own(entry.field, std::string(entry.value.substr(0, kMaxValueBytes)));
    else
      break;
  return out;
}

// Nearest rank: the smallest number that at least that share of them does not exceed.
double percentile_of(const std::map<std::string, uint64_t>& shares, uint64_t count, double percentile) {
  std::vector<std::pair<double, uint64_t>> numbers;
  for (const auto& [text, times] : shares) {
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    numbers.emplace_back(number, times);
  }
  std::sort(numbers.begin(), numbers.end());
  auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(percentile / 100 * static_cast<double>(count))));
  uint64_t passed = 0;
  for (const auto& [number, times] : numbers)
    if ((passed += times) >= rank) return number;
  return 0;
}

}  // namespace

void Findings::matched(size_t rule, const Record& record, const Evidence& evidence, int64_t now, int depth) {
  if (depth > kMaxDepth) return;
  if (rules_.rules[rule].reports && !rules_.rules[rule].correlation) note(rule, {evidence}, evidence);
  for (size_t correlation : rules_.feeds[rule]) correlate(correlation, rule, record, evidence, now, depth);
}

// One event can match a rule in two records (opened, and left behind): it counts once.
void Findings::note(size_t rule, const std::vector<Evidence>& evidence, const Evidence& last) {
  auto& match = matches_[rule];
  if (match.count > 0 && match.last_event == last.event && last.event != 0) return;
  match.last_event = last.event;
  if (match.count++ == 0) {
    match.ancestry = ancestry_of(last.pid);
    size_t index = tree_.find(last.pid);
    match.layer = layer_text(tree_.layers(), bringing_layer(tree_, index));
  }
  for (const auto& item : evidence)
    if (match.evidence.size() < kMaxEvidence) match.evidence.push_back(item);
}

void Findings::correlate(size_t rule, size_t by, const Record& record, const Evidence& evidence, int64_t now,
                         int depth) {
  if (depth == 0) close_until(now);
  const auto& correlation = *rules_.rules[rule].correlation;
  auto at = static_cast<size_t>(std::find(correlation.rules.begin(), correlation.rules.end(), by) -
                                correlation.rules.begin());
  std::string group;
  for (Field field : correlation.groups[at])
    group += std::string(record.get(field).substr(0, kMaxValueBytes)) + '\n';
  WindowKey key(rule, group);
  if (windows_.size() >= kMaxGroups && !windows_.contains(key)) {
    closing_.erase({windows_.begin()->second.closes_ns, windows_.begin()->first});
    windows_.erase(windows_.begin());
  }
  Window& window = windows_[key];
  bool empty = window.times.empty() && window.values.empty() && window.seen.empty() && window.numbers.empty();
  if (correlation.at_end()) {
    take(correlation, window, by, record, now);
    if (window.closes_ns == 0) {
      window.closes_ns = now + correlation.timespan_ns;
      closing_.emplace(window.closes_ns, key);
    }
    if (window.evidence.size() >= kMaxEvidence) window.evidence.pop_back();
    window.evidence.push_back(evidence);
    if (!rules_.feeds[rule].empty()) window.last = kept(record);
    return;
  }
  bool reached = fires(correlation, window, by, record, now);
  if (empty) window.evidence.clear();
  if (window.evidence.size() < kMaxEvidence) window.evidence.push_back(evidence);
  if (!reached) return;
  std::vector<Evidence> all = std::move(window.evidence);
  windows_.erase(key);  // the next firing needs the whole again
  fired(rule, std::move(all), record, evidence, now, depth);
}

void Findings::fired(size_t rule, std::vector<Evidence> all, const Record& record, const Evidence& evidence,
                     int64_t now, int depth) {
  if (all.empty() || all.back().event != evidence.event) {
    if (all.size() >= kMaxEvidence) all.pop_back();
    all.push_back(evidence);
  }
  if (rules_.rules[rule].reports) note(rule, all, evidence);
  matched(rule, record, evidence, now, depth + 1);
}

bool Findings::fires(const Correlation& c, Window& window, size_t by, const Record& record,
                     int64_t now) const {
  auto expired = [&](int64_t time) { return now - time > c.timespan_ns; };
  switch (c.type) {
    case Type::event_count:
      while (!window.times.empty() && expired(window.times.front())) window.times.pop_front();
      window.times.push_back(now);
      return c.holds(static_cast<double>(window.times.size()));
    case Type::value_count: {
      std::string value = value_of(c, record);
      if (value.empty()) return false;
      window.values[value] = now;
      if (static_cast<double>(window.values.size()) < needed(c)) return false;
      std::erase_if(window.values, [&](const auto& entry) { return expired(entry.second); });
      return c.holds(static_cast<double>(window.values.size()));
    }
    case Type::value_sum: {
      auto number = number_of(c, record);
      while (!window.numbers.empty() &&
             (expired(window.numbers.front().first) || window.numbers.size() >= kMaxHeld)) {
        window.sum -= window.numbers.front().second;
        window.numbers.pop_front();
      }
      if (!number) return false;
      window.numbers.emplace_back(now, *number);
      window.sum += *number;
      return c.holds(window.sum);
    }
    default:
      break;
  }
  std::erase_if(window.seen, [&](const auto& entry) { return expired(entry.second); });
  auto at = std::find(c.rules.begin(), c.rules.end(), by);
  // In order: a rule counts only once all before it have been seen.
  if (c.type == Type::temporal_ordered)
    for (auto before = c.rules.begin(); before != at; ++before)
      if (!window.seen.contains(*before)) return false;
  window.seen[by] = now;
  return enough(c, window.seen.size());
}

// Of a window that is judged at its end: everything in it counts, and nothing expires.
void Findings::take(const Correlation& c, Window& window, size_t by, const Record& record,
                    int64_t now) const {
  if (c.type == Type::event_count) {
    ++window.count;
  } else if (c.type == Type::value_count) {
    std::string value = value_of(c, record);
    if (!value.empty() && window.values.size() < kMaxHeld) window.values[value] = now;
  } else if (temporal(c)) {
    auto at = std::find(c.rules.begin(), c.rules.end(), by);
    bool in_order = c.type == Type::temporal || std::all_of(c.rules.begin(), at, [&](size_t before) {
                      return window.seen.contains(before);
                    });
    if (in_order) window.seen[by] = now;
  } else if (c.type == Type::value_percentile && !c.percentile) {
    std::string value = value_of(c, record);
    if (value.empty() || (window.shares.size() >= kMaxHeld && !window.shares.contains(value))) return;
    ++window.shares[value];
    ++window.count;
  } else if (auto number = number_of(c, record)) {
    if (c.type == Type::value_percentile) {
      std::string text(record.get(c.fields[0]));
      if (window.shares.size() >= kMaxHeld && !window.shares.contains(text)) return;
      ++window.shares[text];
    }
    window.sum += *number;
    ++window.count;
  }
}

bool Findings::holds_at_end(const Correlation& c, const Window& window) {
  auto count = static_cast<double>(window.count);
  switch (c.type) {
    case Type::event_count:
      return c.holds(count);
    case Type::value_count:
      return c.holds(static_cast<double>(window.values.size()));
    case Type::temporal:
    case Type::temporal_ordered:
      return enough(c, window.seen.size());
    case Type::value_sum:
      return window.count > 0 && c.holds(window.sum);
    case Type::value_avg:
      return window.count > 0 && c.holds(window.sum / count);
    case Type::value_percentile:
      break;
  }
  if (window.count == 0) return false;
  if (c.percentile) return c.holds(percentile_of(window.shares, window.count, *c.percentile));
  return std::any_of(window.shares.begin(), window.shares.end(), [&](const auto& share) {
    return c.holds(100.0 * static_cast<double>(share.second) / count);
  });
}

void Findings::close_until(int64_t now) {
  while (!closing_.empty() && closing_.begin()->first < now) {
    auto [closes_ns, key] = *closing_.begin();
    closing_.erase(closing_.begin());
    Window window = std::move(windows_.at(key));
    windows_.erase(key);
    if (!holds_at_end(*rules_.rules[key.first].correlation, window)) continue;
    Evidence last = window.evidence.back();
    Record none(Category::process_creation);
    fired(key.first, std::move(window.evidence), window.last ? *window.last : none, last, closes_ns, 1);
  }
}

void Findings::finish() { close_until(INT64_MAX); }

}  // namespace assay
