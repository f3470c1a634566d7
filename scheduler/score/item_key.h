// item_key: the left side of an item, `Field|modifier|...`, taken apart; what its modifiers may stand beside.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

/// Of a date: in the order of Value::Part, behind `whole`.
inline constexpr std::string_view kDateParts[] = {"minute", "hour", "day", "week", "month", "year"};
inline constexpr std::string_view kRegexFlags[] = {"i", "m", "s"};

struct ItemKey {
  std::string field;  // empty: keywords
  std::vector<std::string> modifiers;

  /// Errc::invalid names the modifier that is unknown, or the two that exclude each other.
  static Result<ItemKey> parse(const std::string& text);
  bool has(std::string_view name) const {
    return std::find(modifiers.begin(), modifiers.end(), name) != modifiers.end();
  }
  /// The first modifier that is in `list`, or empty.
  template <size_t N>
  std::string first(const std::string_view (&list)[N]) const {
    for (const auto& modifier : modifiers)
      if (std::find(list, list + N, modifier) != list + N) return modifier;
    return "";
  }
};

}  // namespace assay
