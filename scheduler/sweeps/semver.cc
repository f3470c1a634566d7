// Versions out of tags, and their precedence. Ranges of them: semver_range.
#include "scheduler/sweeps/semver.h"

#include <algorithm>

namespace assay::sweeps {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; }
bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// At most 18 digits: dates and build numbers are versions, digests are none.
bool take_number(std::string_view& text, uint64_t& to) {
  size_t digits = 0;
  for (to = 0; digits < text.size() && is_digit(text[digits]); ++digits) {
    if (digits == 18) return false;
    to = to * 10 + static_cast<uint64_t>(text[digits] - '0');
  }
  text.remove_prefix(digits);
  return digits > 0;
}

bool split_pre(std::string_view text, std::vector<std::string>& to) {
  for (;;) {
    size_t end = std::min(text.find('.'), text.size());
    std::string_view part = text.substr(0, end);
    if (part.empty() || !std::all_of(part.begin(), part.end(), is_word)) return false;
    to.emplace_back(part);
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

std::strong_ordering compare_identifiers(const std::string& a, const std::string& b) {
  bool number_a = is_number(a), number_b = is_number(b);
  if (number_a != number_b) return number_b <=> number_a;  // numbers before words
  if (!number_a) return a.compare(b) <=> 0;
  std::string_view x = without_zeros(a), y = without_zeros(b);
  if (x.size() != y.size()) return x.size() <=> y.size();
  return x.compare(y) <=> 0;
}

}  // namespace

std::optional<Semver> parse_semver(std::string_view tag) {
  if (tag.size() > 128) return std::nullopt;
  if (tag.starts_with('v') || tag.starts_with('V')) tag.remove_prefix(1);
  Semver out;
  out.given = 0;
  for (;;) {
    if (!take_number(tag, out.numbers[static_cast<size_t>(out.given)])) return std::nullopt;
    ++out.given;
    if (!tag.starts_with('.')) break;
    if (out.given == 3) return std::nullopt;
    tag.remove_prefix(1);
  }
  // Build metadata is of no matter to precedence; a tag cannot hold a plus, and '_' stands for it (Helm).
  tag = tag.substr(0, std::min(tag.find('+'), tag.size()));
  if (out.given == 3) tag = tag.substr(0, std::min(tag.find('_'), tag.size()));
  if (tag.empty()) return out;
  if (!tag.starts_with('-') || !split_pre(tag.substr(1), out.pre)) return std::nullopt;
  return out;
}

std::strong_ordering Semver::operator<=>(const Semver& other) const {
  if (auto order = numbers <=> other.numbers; order != 0) return order;
  if (pre.empty() != other.pre.empty()) return pre.empty() <=> other.pre.empty();
  size_t shared = std::min(pre.size(), other.pre.size());
  for (size_t i = 0; i < shared; ++i)
    if (auto order = compare_identifiers(pre[i], other.pre[i]); order != 0) return order;
  return pre.size() <=> other.pre.size();
}

}  // namespace assay::sweeps
