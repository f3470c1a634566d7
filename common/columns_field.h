// columns_field: what columns.cc and columns_read.cc must agree on: which columns a chunk shares, slots, and
// numbers for values.
#pragma once

#include <array>
#include <concepts>
#include <limits>
#include <type_traits>

#include "common/event.h"
#include "common/int_column.h"

namespace assay::columns {

inline constexpr size_t kSlots = 64;
inline constexpr int kFirstPartSlot = 58;  // part 0 of an array stands in its field's slot, parts 1..5 here

/// Fields that follow the order of all events: counter, clock, kind. (Of the others none compressed better
/// so: pid, tid, comm were tried.)
constexpr bool shared_by_kinds(int field) { return field >= 1 && field <= 3; }

/// Where a column is held in memory; kSlots if this program does not know it.
constexpr size_t slot_of(unsigned field, unsigned part) {
  if (field >= static_cast<unsigned>(kFirstPartSlot)) return kSlots;
  if (part == 0) return field;
  return field == 16 && part <= 5 ? static_cast<size_t>(kFirstPartSlot) + part - 1 : kSlots;
}

template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;

/// The default of a field is part of the format: its number is 0.
template <Number T>
uint64_t to_number(T value, T standard) {
  if constexpr (std::is_unsigned_v<T> && !std::is_enum_v<T>) return value - standard;
  return zigzag(static_cast<int64_t>(static_cast<uint64_t>(value) - static_cast<uint64_t>(standard)));
}

template <Number T>
constexpr uint64_t last_value() {
  if constexpr (std::is_same_v<T, EventKind>) return kEventKindCount - 1;
  if constexpr (std::is_same_v<T, Source>) return kSourceCount - 1;
  if constexpr (std::is_same_v<T, Plane>) return 1;
  return 0;
}

/// False when the number is out of the type's range.
template <Number T>
bool from_number(uint64_t number, T standard, T& out) {
  if constexpr (std::is_enum_v<T>) {
    uint64_t value = static_cast<uint64_t>(unzigzag(number)) + static_cast<uint64_t>(standard);
    if (value > last_value<T>()) return false;
    out = static_cast<T>(value);
  } else if constexpr (std::is_unsigned_v<T>) {
    if (number > std::numeric_limits<T>::max()) return false;
    out = static_cast<T>(number + standard);
  } else {
    auto value =
        static_cast<int64_t>(static_cast<uint64_t>(unzigzag(number)) + static_cast<uint64_t>(standard));
    if (value < std::numeric_limits<T>::min() || value > std::numeric_limits<T>::max()) return false;
    out = static_cast<T>(value);
  }
  return true;
}

}  // namespace assay::columns
