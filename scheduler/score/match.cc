// Matching of compiled values. Compilation is in match_compile.cc.
#include "scheduler/score/match.h"

#include <re2/re2.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <optional>

namespace assay {
namespace {

bool parse_number(std::string_view text, double& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

bool ends_or(std::string_view text, size_t at, std::string_view any) {
  return at >= text.size() || any.find(text[at]) != std::string_view::npos;
}

struct Date {
  int year = 0, month = 0, day = 0, hour = -1, minute = -1;  // -1: the text is a day
};

// YYYY-MM-DD, then maybe Thh:mm and whatever follows; Sigma converts neither time zones nor formats.
std::optional<Date> parse_date(std::string_view text) {
  auto number = [&](size_t at, size_t digits, int& out) {
    if (at + digits > text.size()) return false;
    auto part = text.substr(at, digits);
    auto [end, error] = std::from_chars(part.data(), part.data() + digits, out);
    return error == std::errc() && end == part.data() + digits && out >= 0;
  };
  Date date;
  if (!number(0, 4, date.year) || !number(5, 2, date.month) || !number(8, 2, date.day) || text[4] != '-' ||
      text[7] != '-' || !ends_or(text, 10, "T "))
    return std::nullopt;
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31) return std::nullopt;
  if (text.size() <= 10) return date;
  if (!number(11, 2, date.hour) || !number(14, 2, date.minute) || text[13] != ':' || date.hour > 23 ||
      date.minute > 59)
    return std::nullopt;
  return date;
}

// ISO 8601: week 1 is that of the year's first Thursday.
int week_of(const Date& date) {
  using namespace std::chrono;
  auto at = sys_days(year(date.year) / month(static_cast<unsigned>(date.month)) /
                     day(static_cast<unsigned>(date.day)));
  auto thursday = at + days(4 - static_cast<int>(weekday(at).iso_encoding()));
  auto first = sys_days(year_month_day(thursday).year() / January / 1);
  return static_cast<int>((thursday - first).count() / 7) + 1;
}

// The number that a comparison is about.
std::optional<double> number_of(std::string_view text, Value::Part part) {
  double number = 0;
  if (part == Value::Part::whole) return parse_number(text, number) ? std::optional(number) : std::nullopt;
  auto date = parse_date(text);
  if (!date) return std::nullopt;
  int out = 0;
  switch (part) {
    case Value::Part::minute:
      out = date->minute;
      break;
    case Value::Part::hour:
      out = date->hour;
      break;
    case Value::Part::day:
      out = date->day;
      break;
    case Value::Part::week:
      out = week_of(*date);
      break;
    case Value::Part::month:
      out = date->month;
      break;
    case Value::Part::year:
    case Value::Part::whole:
      out = date->year;
      break;
  }
  return out < 0 ? std::nullopt : std::optional<double>(out);
}

bool compares(Value::Op op, std::string_view value, std::string_view text) {
  switch (op) {
    case Value::Op::contains:
      return value.find(text) != std::string_view::npos;
    case Value::Op::startswith:
      return value.starts_with(text);
    case Value::Op::endswith:
      return value.ends_with(text);
    default:
      return value == text;
  }
}

// As the value is written: in its own case, or folded.
std::string_view compared(const Value& value, const Record::Entry& entry) {
  return value.cased ? entry.value : std::string_view(entry.folded());
}

}  // namespace

// Greedy with one point of return: a later star makes the earlier ones final. O(text x tokens) at worst,
// never exponential.
bool Glob::matches(std::string_view text) const {
  size_t t = 0, p = 0, star = SIZE_MAX, mark = 0;
  while (t < text.size()) {
    if (p < tokens.size() && (tokens[p] == kOne || tokens[p] == static_cast<uint8_t>(text[t]))) {
      ++t, ++p;
    } else if (p < tokens.size() && tokens[p] == kAny) {
      star = p++;
      mark = t;
    } else if (star != SIZE_MAX) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < tokens.size() && tokens[p] == kAny) ++p;
  return p == tokens.size();
}

Result<Cidr> Cidr::parse(const std::string& text) {
  Error wrong{Errc::invalid, "'" + text + "' is not a network like 10.0.0.0/8"};
  auto slash = text.find('/');
  Cidr cidr;
  auto base = IpAddress::parse(std::string_view(text).substr(0, slash));
  if (!base) return wrong;
  cidr.base = *base;
  cidr.prefix = base->size_bits();
  if (slash == std::string::npos) return cidr;
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data() + slash + 1, end, cidr.prefix);
  if (error != std::errc() || at != end || cidr.prefix > base->size_bits()) return wrong;
  return cidr;
}

bool Cidr::contains(std::string_view address_text) const {
  auto address = IpAddress::parse(address_text);
  return address && address->within(base, prefix);
}

bool Value::matches(const Record::Entry& entry) const {
  switch (op) {
    case Op::re:
      return re2::RE2::PartialMatch(re2::StringPiece(entry.value.data(), entry.value.size()), *regex);
    case Op::cidr:
      return cidr.contains(entry.value);
    case Op::missing:
    case Op::absent:
    case Op::fieldref:
      return false;
    case Op::exists:
      return true;
    case Op::gt:
    case Op::gte:
    case Op::lt:
    case Op::lte:
    case Op::eq: {
      auto seen = number_of(entry.value, part);
      if (!seen) return false;
      if (op == Op::gt) return *seen > number;
      if (op == Op::gte) return *seen >= number;
      if (op == Op::eq) return *seen == number;
      return op == Op::lt ? *seen < number : *seen <= number;
    }
    default:
      break;
  }
  std::string_view value = compared(*this, entry);
  return op == Op::glob ? glob.matches(value) : compares(op, value, text);
}

namespace {

bool refers(const Item& item, const Value& value, const Record& record) {
  return record.any(item.field, [&](const Record::Entry& entry) {
    return record.any(value.other, [&](const Record::Entry& other) {
      return compares(value.compare, compared(value, entry), compared(value, other));
    });
  });
}

bool value_matches(const Item& item, const Value& value, const Record& record) {
  if (item.keyword) {
    for (const auto& entry : record.entries())
      if (value.matches(entry)) return true;
    return false;
  }
  bool present = item.known && record.has(item.field);
  if (value.op == Value::Op::missing || value.op == Value::Op::absent) return !present;
  if (value.op == Value::Op::fieldref) return present && refers(item, value, record);
  return present && record.any(item.field, [&](const Record::Entry& entry) { return value.matches(entry); });
}

}  // namespace

// Forms of one written value stand together: |all asks for one form of each.
bool Item::matches(const Record& record) const {
  if (!unanswerable.empty()) return false;
  bool matched = all;
  for (size_t i = 0; i < values.size();) {
    bool one = false;
    size_t end = i;
    for (; end < values.size() && values[end].written == values[i].written; ++end)
      one = one || value_matches(*this, values[end], record);
    if (one != all) {
      matched = !all;
      break;
    }
    i = end;
  }
  return matched != negated;
}

}  // namespace assay
