// The record's small store.
#include "scheduler/score/record.h"

#include <algorithm>

namespace assay {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

const std::string& Record::Entry::folded() const {
  if (!lowered) {
    lower.assign(value);
    std::transform(lower.begin(), lower.end(), lower.begin(), assay::lower);
    lowered = true;
  }
  return lower;
}

void Record::borrow(Field field, std::string_view value) {
  if (value.empty() || entries_.size() >= kMaxEntries) return;
  auto& first = first_[static_cast<size_t>(field)];
  if (first == kNone) first = static_cast<uint16_t>(entries_.size());
  entries_.push_back({field, value, {}, false});
}

void Record::own(Field field, std::string value) {
  owned_.push_back(std::move(value));
  borrow(field, owned_.back());
}

std::string_view Record::get(Field field) const {
  auto index = first_[static_cast<size_t>(field)];
  return index == kNone ? std::string_view() : entries_[index].value;
}

}  // namespace assay
