// Digits at their places.
#include "common/rfc3339.h"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "common/text.h"

namespace assay {
namespace {

// Takes what it reads off the front; -1: not `digits` digits there.
int take_number(std::string_view& text, size_t digits) {
  int value = 0;
  if (text.size() < digits) return -1;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == any_of.npos) return false;
  text.remove_prefix(1);
  return true;
}

// "Z", "+01:00": seconds east of Greenwich.
bool take_offset(std::string_view& text, int& seconds) {
  seconds = 0;
  if (take(text, "Zz")) return true;
  bool west = text.starts_with('-');
  if (!take(text, "+- ")) return false;  // a plus that was not escaped in a query has become a space
  int hours = take_number(text, 2);
  bool colon = take(text, ":");
  int minutes = take_number(text, 2);
  seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
  return colon && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

}  // namespace

Result<int64_t> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  std::string_view rest = text;
  int year_n = take_number(rest, 4);
  bool ok = take(rest, "-");
  int month_n = take_number(rest, 2);
  ok = ok && take(rest, "-");
  int day_n = take_number(rest, 2);
  ok = ok && take(rest, "Tt ");
  int hour = take_number(rest, 2);
  ok = ok && take(rest, ":");
  int minute = take_number(rest, 2);
  ok = ok && take(rest, ":");
  int second = take_number(rest, 2);
  if (take(rest, ".")) {
    size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    ok = ok && digits > 0;
    rest.remove_prefix(digits);
  }
  int offset = 0;
  ok = ok && take_offset(rest, offset) && rest.empty();
  year_month_day date{year(year_n), month(static_cast<unsigned>(month_n)), day(static_cast<unsigned>(day_n))};
  bool time_ok = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second <= 60;
  if (!ok || year_n < 0 || month_n < 0 || day_n < 0 || !date.ok() || !time_ok)
    return Error{Errc::invalid, "'" + printable(text, 64) + "' is not a time like 2026-11-26T06:00:00Z"};
  int64_t days = sys_days(date).time_since_epoch().count();
  return days * 86400 + hour * 3600 + minute * 60 + second - offset;
}

std::string iso_time(int64_t unix_seconds) {
  std::time_t time = unix_seconds;
  std::tm tm{};
  char text[32];
  if (!::gmtime_r(&time, &tm) || std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) return "";
  return text;
}

}  // namespace assay
