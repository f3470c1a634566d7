// crontab(5) as POSIX has it, with the steps, names and words of Vixie's.
#include "scheduler/sweeps/cron_fields.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "common/text.h"

namespace assay::sweeps {
namespace {

constexpr size_t kMaxScheduleBytes = 512;

struct FieldRule {
  const char* name;
  unsigned least, most;
  const char* words;  // three letters each, from `least` on; empty: numbers only
};
constexpr std::array<FieldRule, 5> kRules = {{{"minute", 0, 59, ""},
                                              {"hour", 0, 23, ""},
                                              {"day of month", 1, 31, ""},
                                              {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
                                              {"day of week", 0, 7, "sunmontuewedthufrisat"}}};

constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"}};

Error broken(const FieldRule& rule, std::string_view text, const std::string& what) {
  return {Errc::invalid, std::string("schedule: ") + rule.name + " '" + printable(text, 64) + "' " + what};
}

std::string bounds(const FieldRule& rule) {
  return "is not between " + std::to_string(rule.least) + " and " + std::to_string(rule.most);
}

Result<unsigned> parse_value(const FieldRule& rule, std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view words = rule.words;
  for (size_t i = 0; lower.size() == 3 && i < words.size(); i += 3)
    if (words.substr(i, 3) == lower) return rule.least + static_cast<unsigned>(i / 3);
  bool digits = !text.empty() && text.size() <= 4 &&
                std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits)
    return broken(rule, text,
                  words.empty()
                      ? "is no number"
                      : "is neither a number nor a name such as " + std::string(words.substr(0, 3)));
  unsigned value = static_cast<unsigned>(std::stoul(lower));
  if (value < rule.least || value > rule.most) return broken(rule, text, bounds(rule));
  return value;
}

// "*", "5", "1-5", "*/15", "8-18/2".
Status add_item(const FieldRule& rule, std::string_view item, uint64_t& set) {
  std::string_view range = item.substr(0, item.find('/'));
  unsigned low = rule.least, high = rule.most, step = 1;
  bool is_range = range == "*";
  if (!is_range) {
    size_t dash = range.find('-');
    is_range = dash != std::string_view::npos;
    ASSAY_TRY(low, parse_value(rule, range.substr(0, dash)));
    high = low;
    if (is_range) {
      ASSAY_TRY(high, parse_value(rule, range.substr(dash + 1)));
    }
    if (is_range && rule.most == 7 && high == 0 && low > 0) high = 7;  // "fri-sun"
    if (high < low) return broken(rule, item, "ends before it begins");
  }
  if (range.size() < item.size()) {
    std::string_view text = item.substr(range.size() + 1);
    bool digits = !text.empty() && text.size() <= 2 &&
                  std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
    step = digits ? static_cast<unsigned>(std::stoul(std::string(text))) : 0;
    if (step == 0) return broken(rule, item, "has a step that is no number from 1 to 99");
    if (!is_range) return broken(rule, item, "has a step, which only a range or '*' can have");
  }
  for (unsigned value = low; value <= high; value += step) set |= uint64_t{1} << value;
  return Status();
}

Result<uint64_t> parse_field(const FieldRule& rule, std::string_view text) {
  uint64_t set = 0;
  for (std::string_view rest = text;;) {
    size_t end = std::min(rest.find(','), rest.size());
    std::string_view item = rest.substr(0, end);
    if (item.empty()) return broken(rule, text, "has an empty entry");
    ASSAY_CHECK(add_item(rule, item, set));
    if (end == rest.size()) return set;
    rest.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    if (text.empty()) return out;
    out.push_back(text.substr(0, text.find_first_of(" \t")));
    text.remove_prefix(out.back().size());
  }
}

}  // namespace

bool CronFields::fits_day(unsigned month, unsigned day, unsigned weekday) const {
  if ((months >> month & 1) == 0) return false;
  bool by_day = (days >> day & 1) != 0, by_weekday = (weekdays >> weekday & 1) != 0;
  return any_day || any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

Result<CronFields> parse_cron_fields(std::string_view schedule) {
  if (schedule.size() > kMaxScheduleBytes)
    return Error{Errc::invalid,
                 "schedule: it has more than " + std::to_string(kMaxScheduleBytes) + " characters"};
  if (schedule.starts_with('@')) {
    auto found = std::find_if(std::begin(kWords), std::end(kWords),
                              [&](const auto& word) { return word.first == schedule; });
    if (found == std::end(kWords))
      return Error{Errc::invalid, "schedule: '" + printable(schedule, 64) +
                                      "' is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, "
                                      "@annually"};
    schedule = found->second;
  }
  auto parts = split(schedule);
  if (parts.size() != kRules.size())
    return Error{Errc::invalid, "schedule: '" + printable(schedule, 64) + "' has " +
                                    std::to_string(parts.size()) +
                                    " fields, not five: minute, hour, day of month, month, day of week"};
  CronFields out;
  uint64_t* sets[] = {&out.minutes, &out.hours, &out.days, &out.months, &out.weekdays};
  for (size_t i = 0; i < parts.size(); ++i) {
    ASSAY_TRY(*sets[i], parse_field(kRules[i], parts[i]));
  }
  if ((out.weekdays >> 7 & 1) != 0) out.weekdays |= 1;
  out.any_day = parts[2].starts_with('*');
  out.any_weekday = parts[4].starts_with('*');
  return out;
}

}  // namespace assay::sweeps
