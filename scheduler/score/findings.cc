// Rule evaluation and correlation windows.
#include "scheduler/score/findings.h"

#include <algorithm>
#include <set>

#include "common/text.h"
#include "scheduler/score/layers.h"

namespace assay {
namespace {

constexpr size_t kMaxEvidenceBytes = 320, kMaxAncestorBytes = 160;

// event_text() without its columns for number, time, plane, source and pid: the kind, then what happened.
std::string bare_text(const std::string& text) {
  size_t at = 0;
  for (int column = 0; column < 5; ++column) {
    at = text.find_first_not_of(' ', at);
    at = text.find(' ', at);
    if (at == std::string::npos) return text;
  }
  at = text.find_first_not_of(' ', at);
  std::string rest = at == std::string::npos ? text : text.substr(at);
  auto gap = rest.find("  ");  // the kind's column is padded
  if (gap != std::string::npos && gap < 12) rest.erase(gap, rest.find_first_not_of(' ', gap) - gap - 1);
  while (!rest.empty() && rest.back() == ' ') rest.pop_back();
  return rest;
}

// Cuts printable() text without splitting a UTF-8 sequence.
std::string cut(std::string text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<uint8_t>(text[limit]) & 0xc0) == 0x80) --limit;
  text.resize(limit);
  return text + "...";
}

std::string peer_text(const Record& record) {
  if (!record.has(Field::DestinationIp)) return "an accepted connection";
  return std::string(record.get(Field::DestinationIp)) + ":" +
         std::string(record.get(Field::DestinationPort));
}

}  // namespace

Evidence evidence_of(const Event& event) {
  return {event.seq, event.time_ns, event.pid, cut(bare_text(event_text(event)), kMaxEvidenceBytes)};
}

void Findings::evaluate(const Record& record, const Event& event) {
  for (size_t index : rules_.by_category[static_cast<size_t>(record.category())]) {
    if (!rules_.rules[index].detection->matches(record)) continue;
    Evidence evidence;  // its text is only made where it will be kept
    evidence.event = event.seq;
    evidence.time_ns = event.time_ns;
    evidence.pid = event.pid;
    bool kept = matches_[index].evidence.size() < kMaxEvidence || !rules_.feeds[index].empty();
    if (kept) evidence = evidence_of(event);
    if (kept && !record.evidence.empty()) evidence.text = cut(record.evidence, kMaxEvidenceBytes);
    if (kept && record.category() == Category::stdio_socket)
      evidence.text += " with its input from " + printable(peer_text(record), 80);
    matched(index, record, event, evidence, 0);
  }
}

void Findings::matched(size_t rule, const Record& record, const Event& event, const Evidence& evidence,
                       int depth) {
  if (depth > 4) return;
  if (rules_.rules[rule].reports && !rules_.rules[rule].correlation) note(rule, {evidence}, event);
  for (size_t correlation : rules_.feeds[rule]) correlate(correlation, rule, record, event, evidence, depth);
}

// One event can match a rule in two records (opened, and left behind): it counts once.
void Findings::note(size_t rule, const std::vector<Evidence>& evidence, const Event& event) {
  auto& match = matches_[rule];
  if (match.count > 0 && match.last_event == event.seq && event.seq != 0) return;
  match.last_event = event.seq;
  if (match.count++ == 0) {
    match.ancestry = ancestry_of(event.pid);
    size_t index = event.pid > 0 ? tree_.find(event.pid) : ProcessTree::kNone;
    match.layer = layer_text(tree_.layers(), bringing_layer(tree_, index));
  }
  for (const auto& item : evidence)
    if (match.evidence.size() < kMaxEvidence) match.evidence.push_back(item);
}

void Findings::correlate(size_t rule, size_t by, const Record& record, const Event& event,
                         const Evidence& evidence, int depth) {
  const auto& correlation = *rules_.rules[rule].correlation;
  std::string group;
  for (Field field : correlation.group_by) group += std::string(record.get(field).substr(0, 256)) + '\n';
  auto key = std::make_pair(rule, group);
  if (windows_.size() >= kMaxGroups && !windows_.contains(key)) windows_.erase(windows_.begin());
  Window& window = windows_[key];
  size_t held = window.times.size() + window.values.size() + window.seen.size();
  bool fired = fires(correlation, window, by, record, event.time_ns);
  if (held == 0) window.evidence.clear();
  if (window.evidence.size() < kMaxEvidence) window.evidence.push_back(evidence);
  if (!fired) return;
  std::vector<Evidence> all = std::move(window.evidence);
  if (all.empty() || all.back().event != evidence.event) {
    if (all.size() >= kMaxEvidence) all.pop_back();
    all.push_back(evidence);
  }
  windows_.erase(key);  // the next firing needs the whole again
  if (rules_.rules[rule].reports) note(rule, all, event);
  matched(rule, record, event, evidence, depth + 1);
}

bool Findings::fires(const Correlation& c, Window& window, size_t by, const Record& record,
                     int64_t now) const {
  auto expired = [&](int64_t time) { return now - time > c.timespan_ns; };
  switch (c.type) {
    case Correlation::Type::event_count:
      while (!window.times.empty() && expired(window.times.front())) window.times.pop_front();
      window.times.push_back(now);
      return window.times.size() >= c.threshold;
    case Correlation::Type::value_count: {
      std::string value(record.get(c.field).substr(0, 256));
      if (value.empty()) return false;
      window.values[value] = now;
      if (window.values.size() < c.threshold) return false;
      std::erase_if(window.values, [&](const auto& entry) { return expired(entry.second); });
      return window.values.size() >= c.threshold;
    }
    case Correlation::Type::temporal:
    case Correlation::Type::temporal_ordered:
      break;
  }
  std::erase_if(window.seen, [&](const auto& entry) { return expired(entry.second); });
  auto at = std::find(c.rules.begin(), c.rules.end(), by);
  // In order: a rule counts only once all before it have been seen.
  if (c.type == Correlation::Type::temporal_ordered)
    for (auto before = c.rules.begin(); before != at; ++before)
      if (!window.seen.contains(*before)) return false;
  window.seen[by] = now;
  return window.seen.size() >= std::set<size_t>(c.rules.begin(), c.rules.end()).size();
}

std::vector<std::string> Findings::ancestry_of(int32_t pid) const {
  std::vector<std::string> out;
  size_t index = pid > 0 ? tree_.find(pid) : ProcessTree::kNone;
  if (index == ProcessTree::kNone) return out;
  auto line = [&](size_t at) {
    const Proc& proc = tree_.at(at);
    return printable(proc.command_line.empty() ? proc.shown.path : proc.command_line, kMaxAncestorBytes);
  };
  auto up = tree_.ancestors(index);
  for (auto it = up.rbegin(); it != up.rend(); ++it)
    if (!tree_.at(*it).starter) out.push_back(line(*it));
  out.push_back(line(index));
  return out;
}

std::vector<Finding> Findings::findings() const {
  std::vector<Finding> out;
  for (size_t i = 0; i < matches_.size(); ++i) {
    if (matches_[i].count == 0) continue;
    const Rule& rule = rules_.rules[i];
    Finding finding;
    finding.rule_id = rule.id;
    finding.title = printable(rule.title);
    finding.description = printable(rule.description);
    finding.level = rule.level;
    finding.techniques = rule.techniques;
    finding.category = printable(rule.category);
    finding.weight = rule.weight;
    finding.proof = rule.proof;
    finding.count = matches_[i].count;
    finding.evidence = matches_[i].evidence;
    finding.ancestry = matches_[i].ancestry;
    finding.layer = matches_[i].layer;
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace assay
