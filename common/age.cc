// A number and one of four letters.
#include "common/age.h"

#include <utility>

namespace assay {

std::optional<int64_t> parse_age(std::string_view text) {
  constexpr std::pair<char, int64_t> kUnits[] = {{'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
  if (text.size() < 2 || text.size() > 6) return std::nullopt;
  int64_t number = 0;
  for (char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  for (auto [letter, seconds] : kUnits)
    if (text.back() == letter) return number * seconds;
  return std::nullopt;
}

}  // namespace assay
