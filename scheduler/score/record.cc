// The record's small store.
#include "scheduler/score/record.h"

#include <algorithm>
#include <charconv>

#include "common/ascii.h"

namespace assay {

const std::string& Record::Entry::folded() const {
  if (lower == nullptr) {
    lower = std::make_unique<std::string>(ascii_lower(value));
  }
  return *lower;
}

void Record::borrow(Field field, std::string_view value) {
  if (value.empty() || entries_.size() >= kMaxEntries) return;
  auto at = static_cast<size_t>(field);
  auto index = static_cast<uint16_t>(entries_.size());
  if (present_[at])
    entries_[last_[at]].next = index;
  else
    first_[at] = index;
  present_[at] = true;
  last_[at] = index;
  entries_.push_back({field, kNone, value, nullptr});
}

std::string_view Record::keep(std::string_view value) {
  if (value.size() > bytes_.size() - used_) return {};
  char* begin = bytes_.data() + used_;
  std::copy(value.begin(), value.end(), begin);
  used_ += value.size();
  return {begin, value.size()};
}

void Record::own(Field field, std::string value) {
  auto kept = keep(value);
  if (kept.size() != value.size()) kept = owned_.emplace_front(std::move(value));
  borrow(field, kept);
}

void Record::own(Field field, uint64_t value) {
  std::array<char, 20> digits;
  auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  own(field, std::string(digits.data(), end));  // fits a string's own room
}

std::string_view Record::get(Field field) const {
  return has(field) ? entries_[first_[static_cast<size_t>(field)]].value : std::string_view();
}

}  // namespace assay
