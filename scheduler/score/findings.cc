// Rule evaluation and correlation windows.
#include "scheduler/score/findings.h"

#include <algorithm>

#include "common/text.h"

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
  for (size_t index : program_.matching(record)) {
    Evidence evidence;  // its text is only made where it will be kept
    evidence.event = event.seq;
    evidence.time_ns = event.time_ns;
    evidence.pid = event.pid;
    bool kept = matches_[index].evidence.size() < kMaxEvidence || !rules_.feeds[index].empty();
    if (kept) evidence = evidence_of(event);
    if (kept && !record.evidence.empty()) evidence.text = cut(record.evidence, kMaxEvidenceBytes);
    if (kept && record.category() == Category::stdio_socket)
      evidence.text += " with its input from " + printable(peer_text(record), 80);
    matched(index, record, evidence, event.time_ns, 0);
  }
}

std::vector<std::string> Findings::ancestry_of(int32_t pid) const {
  std::vector<std::string> out;
  size_t index = tree_.find(pid);
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

// Loads, totals and statistics are other ones on a busy host.
bool Findings::is_measured(const RuleSet::State& rules, size_t index) {
  const Rule& rule = rules.rules[index];
  using Type = Correlation::Type;
  if (!rule.correlation) return rule.logsource == Category::run || rule.logsource == Category::usage;
  Type type = rule.correlation->type;
  if (type == Type::value_sum || type == Type::value_avg || type == Type::value_percentile) return true;
  const auto& counted = rule.correlation->rules;
  return std::any_of(counted.begin(), counted.end(), [&](size_t one) { return is_measured(rules, one); });
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
    finding.measured = is_measured(rules_, i);
    out.push_back(std::move(finding));
  }
  return out;
}

}  // namespace assay
