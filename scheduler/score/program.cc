// Running a program over records: gates first, then the rules that they let through.
#include "scheduler/score/program.h"

#include <algorithm>
#include <functional>

#include "scheduler/score/match.h"
#include "scheduler/score/rule.h"

namespace assay {
namespace {

template <class Visit>
bool any_entry(const Record& record, uint16_t column, Visit&& visit) {
  if (column != kFieldCount) return record.any(static_cast<Field>(column), visit);
  return std::any_of(record.entries().begin(), record.entries().end(), visit);
}

}  // namespace

std::string Program::describe() const {
  size_t texts = 0, needles = 0, bytes = 0, ungated = 0;
  for (const Column& column : columns_) {
    texts += column.texts.size();
    needles += column.needs.size();
    if (column.patterns) bytes += column.patterns->database_bytes();
  }
  for (const Gates& gates : gates_) ungated += gates.always.size();
  return std::to_string(predicates_.size()) + " predicates, " + std::to_string(texts) +
         " of them texts with " + std::to_string(needles) + " needles in " + std::to_string(bytes >> 10) +
         " KiB, " + std::to_string(ungated) + " rules without a gate";
}

bool Program::Run::present(const Record& record, uint16_t column) {
  return column == kFieldCount ? !record.entries().empty() : record.has(static_cast<Field>(column));
}

bool Program::Run::look_for_needles(const Record::Entry& entry, const Column& column,
                                    std::vector<uint32_t>& hits) {
  if (!copied_) {
    copied_ = true;
    if (auto scratch = PatternSet::clone(program_.scratch_)) scratch_ = std::move(*scratch);
  }
  needles_.clear();
  if (!column.patterns->scan(entry.value, scratch_, needles_)) return false;
  for (uint32_t needle : needles_)
    for (uint32_t text : column.needs[needle])
      if (std::find(hits.begin(), hits.end(), text) == hits.end() &&
          program_.predicates_[text].value->matches(entry))
        hits.push_back(text);
  return true;
}

// Without Vectorscan, or memory for it, each value is asked: slower, and the same.
void Program::Run::find(const Record::Entry& entry, const Column& column, std::vector<uint32_t>& hits) {
  if (column.patterns && !look_for_needles(entry, column, hits)) {
    for (uint32_t text : column.texts)
      if (program_.predicates_[text].value->matches(entry)) hits.push_back(text);
    return;
  }
  if (entry.value.size() > column.longest) return;
  auto equal = column.equals.find(entry.folded());
  if (equal == column.equals.end()) return;
  for (uint32_t text : equal->second)
    if (program_.predicates_[text].value->matches(entry)) hits.push_back(text);
}

const std::vector<uint32_t>& Program::Run::hits_of(const Record::Entry& entry, uint16_t column) {
  if (entry.value.size() > kMaxRememberedBytes) {
    found_.clear();
    find(entry, program_.columns_[column], found_);
    return found_;
  }
  auto& memory = memory_[column];
  if (memory.empty()) memory.resize(kRemembered);
  Remembered& place = memory[std::hash<std::string_view>()(entry.value) % kRemembered];
  if (place.value == entry.value) return place.hits;  // no entry is empty, as an unused place is
  place.value.assign(entry.value);
  place.hits.clear();
  find(entry, program_.columns_[column], place.hits);
  return place.hits;
}

// `gates`: whose rules become candidates with what is found; may be null.
void Program::Run::scan(const Record& record, uint16_t column, const Gates* gates) {
  scanned_[column] = record_;
  any_entry(record, column, [&](const Record::Entry& entry) {
    for (uint32_t text : hits_of(entry, column)) {
      if (truth_[text].record == record_) continue;
      truth_[text] = {record_, true};
      if (gates != nullptr) consider(*gates, text);
    }
    return false;
  });
}

bool Program::Run::ask(const Record& record, const Predicate& predicate) {
  auto matches = [&](const Record::Entry& entry) { return predicate.value->matches(entry); };
  switch (predicate.kind) {
    case Predicate::Kind::present:
      return present(record, predicate.column);
    case Predicate::Kind::item:
      return predicate.item->matches(record);
    default:
      break;
  }
  return any_entry(record, predicate.column, matches);
}

bool Program::Run::holds(const Record& record, uint32_t number) {
  Truth& truth = truth_[number];
  if (truth.record == record_) return truth.holds;
  const Predicate& predicate = program_.predicates_[number];
  if (predicate.kind == Predicate::Kind::text) {
    if (scanned_[predicate.column] != record_) scan(record, predicate.column, nullptr);
    return truth.record == record_ && truth.holds;
  }
  truth = {record_, ask(record, predicate)};
  return truth.holds;
}

bool Program::Run::eval(const Record& record, uint32_t number) {
  if (number >= kAlways) return number == kAlways;
  const Node& node = program_.nodes_[number];
  const uint32_t* child = program_.children_.data() + node.first;
  switch (node.op) {
    case Node::Op::predicate:
      return holds(record, node.first);
    case Node::Op::negation:
      return !eval(record, *child);
    case Node::Op::all:
      return std::all_of(child, child + node.children, [&](uint32_t c) { return eval(record, c); });
    case Node::Op::any:
      return std::any_of(child, child + node.children, [&](uint32_t c) { return eval(record, c); });
    case Node::Op::detection:
      return (*program_.rules_)[node.first].detection->matches(record);
    case Node::Op::count:
      break;
  }
  uint32_t held = 0;
  for (uint32_t i = 0; i < node.children && held < node.needed; ++i) {
    if (held + (node.children - i) < node.needed) return false;
    if (eval(record, child[i])) ++held;
  }
  return held >= node.needed;
}

void Program::Run::consider(const Gates& gates, uint32_t predicate) {
  candidates_.insert(candidates_.end(), gates.rules.begin() + gates.from[predicate],
                     gates.rules.begin() + gates.from[predicate + 1]);
}

const std::vector<uint32_t>& Program::Run::matching(const Record& record) {
  ++record_;
  matching_.clear();
  const Gates& gates = program_.gates_[static_cast<size_t>(record.category())];
  candidates_ = gates.always;
  for (uint16_t column : gates.columns)
    if (present(record, column)) scan(record, column, &gates);
  for (uint32_t predicate : gates.asked)
    if (holds(record, predicate)) consider(gates, predicate);
  std::sort(candidates_.begin(), candidates_.end());
  candidates_.erase(std::unique(candidates_.begin(), candidates_.end()), candidates_.end());
  for (uint32_t rule : candidates_)
    if (eval(record, program_.roots_[rule])) matching_.push_back(rule);
  return matching_;
}

}  // namespace assay
