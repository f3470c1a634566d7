// Record: what a rule sees of one event: a category (Sigma's logsource) and named fields. Built by
// observe.cc, read by match.cc. Values are borrowed from the event and the process tree; a record lives for
// one evaluation.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <forward_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/score/fields.h"

namespace assay {

class Record {
 public:
  struct Entry {
    Field field;
    uint16_t next;  // the field's next value; kNone: this is its last
    std::string_view value;
    mutable std::unique_ptr<std::string> lower;
    const std::string& folded() const;  // ASCII lower case, made once
  };

  explicit Record(Category category) : category_(category) { entries_.reserve(kUsualEntries); }
  Record(const Record&) = delete;  // entries refer to it
  Record& operator=(const Record&) = delete;
  Category category() const { return category_; }

  /// `value` must outlive the record. An empty value is left out, as in Sigma's logs.
  void borrow(Field field, std::string_view value);
  void own(Field field, std::string value);
  void own(Field field, uint64_t value);
  void own(Field field, bool value) { borrow(field, value ? "true" : "false"); }

  bool has(Field field) const { return present_[static_cast<size_t>(field)]; }
  /// The first value of the field, or empty.
  std::string_view get(Field field) const;
  const std::vector<Entry>& entries() const { return entries_; }
  /// What evidence says of it, where that is more than the event's own text; fit to be shown.
  std::string evidence;
  /// Calls visit(entry) for each value of the field until it returns true; says whether one did.
  template <class Visit>
  bool any(Field field, Visit&& visit) const {
    if (!has(field)) return false;
    for (size_t i = first_[static_cast<size_t>(field)]; i != kNone; i = entries_[i].next)
      if (visit(entries_[i])) return true;
    return false;
  }

 private:
  static constexpr uint16_t kNone = UINT16_MAX;
  static constexpr size_t kMaxEntries = 256, kUsualEntries = 32, kInlineBytes = 512;
  std::string_view keep(std::string_view value);

  Category category_;
  std::bitset<kFieldCount> present_;
  std::array<uint16_t, kFieldCount> first_, last_;  // entries of the fields that are present
  std::vector<Entry> entries_;
  std::array<char, kInlineBytes> bytes_;  // owned values, while they fit; then in owned_
  size_t used_ = 0;
  std::forward_list<std::string> owned_;
};

}  // namespace assay
