// Ranges of versions as npm writes them (github.com/npm/node-semver, "Ranges"), commas as Cargo does: each
// comparator becomes one or two bounds.
#include <algorithm>

#include "common/text.h"
#include "scheduler/sweeps/semver.h"

namespace assay::sweeps {
namespace {

constexpr size_t kMaxRangeBytes = 512;

// "1", "1.2", "1.x", "1.2.3-rc.1", "*": `given` says how many numbers there are, 0 to 3.
std::optional<Semver> parse_partial(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('V')) text.remove_prefix(1);
  std::string kept;
  bool open = false;
  int parts = 0;
  for (std::string_view rest = text;;) {
    size_t end = std::min(rest.find_first_of(".-+"), rest.size());
    std::string_view part = rest.substr(0, end);
    bool any = part == "x" || part == "X" || part == "*";
    if (++parts > 3 || part.empty() || (open && !any)) return std::nullopt;
    open = open || any;
    if (!any) kept += (kept.empty() ? "" : ".") + std::string(part);
    if (end < rest.size() && rest[end] == '.') {
      rest.remove_prefix(end + 1);
      continue;
    }
    if (end < rest.size() && (open || parts < 3)) return std::nullopt;  // only a whole version goes on
    kept += rest.substr(end);
    break;
  }
  if (kept.empty()) {
    Semver any;
    any.given = 0;
    return any;
  }
  return parse_semver(kept);
}

// The first version after all that begin with these numbers: 1.2 -> 1.3.0.
Semver after(const Semver& version, int numbers) {
  Semver out;
  for (int i = 0; i < numbers; ++i)
    out.numbers[static_cast<size_t>(i)] = version.numbers[static_cast<size_t>(i)];
  ++out.numbers[static_cast<size_t>(numbers - 1)];
  return out;
}

// How many numbers a caret keeps: up to the first that is not 0.
int caret_numbers(const Semver& version) {
  for (int i = 0; i < version.given; ++i)
    if (version.numbers[static_cast<size_t>(i)] != 0) return i + 1;
  return version.given;
}

std::string_view take_operator(std::string_view& text) {
  for (std::string_view op : {">=", "<=", ">", "<", "=", "^", "~"})
    if (text.starts_with(op)) {
      text.remove_prefix(op.size());
      return op;
    }
  return "=";
}

Error broken(std::string_view part, const std::string& rule) {
  return {Errc::invalid, "'" + printable(part, 64) + "' " + rule};
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    size_t begin = std::min(text.find_first_not_of(" \t,"), text.size());
    text.remove_prefix(begin);
    if (text.empty()) return out;
    size_t end = std::min(text.find_first_of(" \t,"), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

bool is_bare_operator(std::string_view word) {
  take_operator(word);
  return word.empty();
}

}  // namespace

Result<SemverRange> SemverRange::parse(std::string_view text) {
  if (text.size() > kMaxRangeBytes)
    return broken(text, "has more than " + std::to_string(kMaxRangeBytes) + " characters");
  SemverRange out;
  out.text_ = text;
  auto lower = [](const Semver& at, bool inclusive) { return Bound{true, inclusive, at}; };
  auto upper = [](const Semver& at, bool inclusive) { return Bound{false, inclusive, at}; };
  // What one comparator asks for, added to `to`; false: no version is less than "*", nor greater.
  auto add = [&](std::vector<Bound>& to, std::string_view op, const Semver& v) {
    bool whole = v.given == 3;
    if (v.given == 0) return op != "<" && op != ">";
    if (op == ">=" || op == "^" || op == "~" || op == "=") to.push_back(lower(v, true));
    if (op == ">") to.push_back(whole ? lower(v, false) : lower(after(v, v.given), true));
    if (op == "<") to.push_back(upper(v, false));
    if (op == "^") to.push_back(upper(after(v, caret_numbers(v)), false));
    if (op == "~") to.push_back(upper(after(v, std::min(v.given, 2)), false));
    if (op == "<=" || op == "=") to.push_back(whole ? upper(v, true) : upper(after(v, v.given), false));
    return true;
  };
  for (;;) {
    size_t end = std::min(text.find("||"), text.size());
    auto parts = words(text.substr(0, end));
    if (parts.empty())
      return broken(out.text_, "has an empty part: write a range such as '>=1.2 <3' or '^1.2'");
    std::vector<Bound> bounds;
    for (size_t i = 0; i < parts.size(); ++i) {
      std::string_view version = parts[i], op = take_operator(version);
      if (is_bare_operator(parts[i]) && i + 1 < parts.size()) version = parts[++i];  // ">= 1.2"
      bool hyphen = i + 2 < parts.size() && parts[i + 1] == "-" && version == parts[i];
      auto parsed = parse_partial(version);
      auto last = hyphen ? parse_partial(parts[i + 2]) : std::nullopt;
      if (!parsed) return broken(version, "is no version: write 1, 1.2, 1.x or 1.2.3-rc.1");
      if (hyphen && !last) return broken(parts[i + 2], "is no version: write 1, 1.2, 1.x or 1.2.3-rc.1");
      if (!add(bounds, hyphen ? ">=" : op, *parsed) || (hyphen && !add(bounds, "<=", *last)))
        return broken(parts[i], "is true of no version");
      if (hyphen) i += 2;
    }
    out.any_of_.push_back(std::move(bounds));
    if (end == text.size()) return out;
    text.remove_prefix(end + 2);
  }
}

bool SemverRange::contains(const Semver& version) const {
  return std::any_of(any_of_.begin(), any_of_.end(), [&](const std::vector<Bound>& bounds) {
    bool pre_wanted = version.pre.empty();
    for (const Bound& bound : bounds) {
      auto order = version <=> bound.at;
      bool holds = bound.is_lower ? order > 0 : order < 0;
      if (!holds && !(bound.inclusive && order == 0)) return false;
      if (!bound.at.pre.empty() && bound.at.numbers == version.numbers) pre_wanted = true;
    }
    return pre_wanted;
  });
}

}  // namespace assay::sweeps
