// fail, warn and require: what of a verdict and of its findings is not wanted, and how good a scan must be.
#include <algorithm>
#include <array>

#include "common/age.h"
#include "common/text.h"
#include "decisions/policy_parts.h"
#include "decisions/policy_words.h"
#include "scheduler/score/attack.h"

namespace assay::decisions {
namespace {

constexpr int64_t kOldest = int64_t{520} * 7 * 86400;
constexpr std::array<std::string_view, 5> kLevels = {"informational", "low", "medium", "high", "critical"};

Result<Verdict> read_verdict(const yaml::Node& node, const Place& place) {
  ASSAY_TRY(std::string text, read_text(node, place));
  auto verdict = parse_verdict(text);
  if (verdict == Verdict::suspicious || verdict == Verdict::malicious) return *verdict;
  if (verdict == Verdict::inconclusive)
    return place.error(node.line, "'inconclusive' has a key of its own: inconclusive: fail");
  return place.error(node.line, quoted(text) + " is neither suspicious nor malicious");
}

Status check_technique(std::string_view id) {
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  bool whole = id.size() == 5 || (id.size() == 9 && id[5] == '.');
  bool shaped = whole && id[0] == 'T' && std::all_of(id.begin() + 1, id.begin() + 5, digit) &&
                (id.size() == 5 || std::all_of(id.begin() + 6, id.end(), digit));
  if (!shaped) return Error{Errc::invalid, quoted(id) + " is no technique of ATT&CK, as T1496 or T1496.001"};
  if (find_technique(id) == nullptr)
    return Error{Errc::invalid, quoted(id) + " is not in ATT&CK " + kAttackVersion};
  return Status();
}

Status check_category(std::string_view name) {
  bool shaped = name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
                  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
                });
  if (!shaped) return Error{Errc::invalid, quoted(name) + " is no category: a-z, 0-9, '_' and '-'"};
  // Rules of one's own have categories of their own; but a slip of the pen would let everything in.
  auto known = finding_categories();
  if (std::find(known.begin(), known.end(), name) != known.end()) return Status();
  if (std::string hint = did_you_mean(name, known); !hint.empty())
    return Error{Errc::invalid, quoted(name) + " is no category that a rule has" + hint};
  return Status();
}

Status check_level(std::string_view name) {
  if (std::find(kLevels.begin(), kLevels.end(), name) != kLevels.end()) return Status();
  return Error{Errc::invalid, quoted(name) + " is none of " + any_of(kLevels)};
}

Status check_rule(std::string_view) { return Status(); }  // whatever ids and titles there are

using Look = Status (*)(std::string_view);

Status read_names(const yaml::Node& node, const Place& place, Look look, Outcome outcome,
                  std::map<std::string, Outcome>& to) {
  ASSAY_TRY(auto names, read_texts(node, place));
  for (size_t i = 0; i < names.size(); ++i) {
    int line = node.items[i].line;
    if (Status right = look(names[i]); !right) return place.at(i).error(line, right.error().what);
    auto [had, is_new] = to.emplace(names[i], outcome);
    if (!is_new)
      return place.at(i).error(line, quoted(names[i]) + " stands under " + to_string(had->second) + ", too");
  }
  return Status();
}

// "30%", "2.5%": a share of one.
Result<double> read_share(const yaml::Node& node, const Place& place) {
  ASSAY_TRY(std::string text, read_text(node, place));
  size_t digits = text.find_first_not_of("0123456789");
  size_t end = digits == std::string::npos || text[digits] != '.'
                   ? digits
                   : text.find_first_not_of("0123456789", digits + 1);
  bool shaped = end != std::string::npos && digits > 0 && text[end] == '%' && end + 1 == text.size() &&
                text[end - 1] != '.' && end <= 8;
  double percent = shaped ? std::strtod(text.c_str(), nullptr) : -1;
  if (percent > 0 && percent <= 100) return percent / 100;
  return place.error(node.line, quoted(text) + " is no share above 0% and up to 100%, as 30%");
}

}  // namespace

Status read_asks(const yaml::Node& node, const Place& place, Outcome outcome, Policy& to) {
  ASSAY_CHECK(check_map(node, place, {"verdict", "score", "categories", "techniques", "levels", "rules"}));
  bool fail = outcome == Outcome::fail;
  for (const auto& [key, value] : node.entries) {
    Place at = place.in(key);
    if (key == "verdict") {
      ASSAY_TRY((fail ? to.fail_verdict : to.warn_verdict), read_verdict(value, at));
    } else if (key == "score") {
      ASSAY_TRY((fail ? to.fail_score : to.warn_score), read_number(value, at, 1, 100));
    } else {
      bool categories = key == "categories", techniques = key == "techniques", levels = key == "levels";
      Look look = categories   ? check_category
                  : techniques ? check_technique
                  : levels     ? check_level
                               : check_rule;
      auto& list = categories ? to.categories : techniques ? to.techniques : levels ? to.levels : to.rules;
      ASSAY_CHECK(read_names(value, at, look, outcome, list));
    }
  }
  return Status();
}

Status read_requirements(const yaml::Node& node, const Place& place, Policy& to) {
  ASSAY_CHECK(check_map(node, place, {"complete_trace", "coverage", "scanned_within", "comparison"}));
  for (const auto& [key, value] : node.entries) {
    Place at = place.in(key);
    if (key == "complete_trace") {
      ASSAY_TRY(to.complete_trace, read_flag(value, at));
    } else if (key == "comparison") {
      ASSAY_TRY(to.comparison, read_flag(value, at));
    } else if (key == "coverage") {
      ASSAY_TRY(to.least_coverage, read_share(value, at));
    } else {
      ASSAY_TRY(std::string text, read_text(value, at));
      to.oldest_s = parse_age(text);
      if (!to.oldest_s || *to.oldest_s == 0 || *to.oldest_s > kOldest)
        return at.error(value.line, quoted(text) + " is no age from 1m to 520w, as 12h, 7d or 4w");
    }
  }
  return Status();
}

}  // namespace assay::decisions
