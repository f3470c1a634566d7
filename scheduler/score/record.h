// Record: what a rule sees of one event: a category (Sigma's logsource) and named fields. Built by
// observe.cc, read by match.cc. Values are borrowed from the event and the process tree; a record lives for
// one evaluation.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/score/fields.h"

namespace assay {

class Record {
 public:
  struct Entry {
    Field field;
    std::string_view value;
    mutable std::string lower;
    mutable bool lowered = false;
    const std::string& folded() const;  // ASCII lower case, made once
  };

  explicit Record(Category category) : category_(category) { first_.fill(kNone); }
  Category category() const { return category_; }

  /// `value` must outlive the record. An empty value is left out, as in Sigma's logs.
  void borrow(Field field, std::string_view value);
  void own(Field field, std::string value);
  void own(Field field, uint64_t value) { own(field, std::to_string(value)); }
  void own(Field field, bool value) { borrow(field, value ? "true" : "false"); }

  bool has(Field field) const { return first_[static_cast<size_t>(field)] != kNone; }
  /// The first value of the field, or empty.
  std::string_view get(Field field) const;
  const std::vector<Entry>& entries() const { return entries_; }
  /// What evidence says of it, where that is more than the event's own text; fit to be shown.
  std::string evidence;
  /// Calls visit(entry) for each value of the field until it returns true; says whether one did.
  template <class Visit>
  bool any(Field field, Visit&& visit) const {
    auto index = first_[static_cast<size_t>(field)];
    if (index == kNone) return false;
    for (size_t i = index; i < entries_.size(); ++i)
      if (entries_[i].field == field && visit(entries_[i])) return true;
    return false;
  }

 private:
  static constexpr uint16_t kNone = UINT16_MAX;
  static constexpr size_t kMaxEntries = 256;
  Category category_;
  std::array<uint16_t, kFieldCount> first_;
  std::vector<Entry> entries_;
  std::deque<std::string> owned_;
};

}  // namespace assay
