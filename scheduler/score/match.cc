// Matching of compiled values. Compilation is in match_compile.cc.
#include "scheduler/score/match.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <charconv>
#include <cstdlib>

namespace assay {
namespace {

bool parse_address(const std::string& text, std::array<uint8_t, 16>& out, bool& v6) {
  out.fill(0);
  v6 = text.find(':') != std::string::npos;
  return inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), out.data()) == 1;
}

bool parse_number(std::string_view text, double& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
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
  if (!parse_address(text.substr(0, slash), cidr.address, cidr.v6)) return wrong;
  unsigned bits = cidr.v6 ? 128 : 32;
  cidr.prefix = bits;
  if (slash == std::string::npos) return cidr;
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data() + slash + 1, end, cidr.prefix);
  if (error != std::errc() || at != end || cidr.prefix > bits) return wrong;
  return cidr;
}

bool Cidr::contains(std::string_view address_text) const {
  std::array<uint8_t, 16> other{};
  bool other_v6 = false;
  if (address_text.size() > 64 || !parse_address(std::string(address_text), other, other_v6) ||
      other_v6 != v6)
    return false;
  for (unsigned bit = 0; bit < prefix; bit += 8) {
    unsigned left = prefix - bit;
    auto mask = static_cast<uint8_t>(left >= 8 ? 0xff : 0xff << (8 - left));
    if ((address[bit / 8] & mask) != (other[bit / 8] & mask)) return false;
  }
  return true;
}

bool Value::matches(const Record::Entry& entry) const {
  switch (op) {
    case Op::re:
      return re2::RE2::PartialMatch(re2::StringPiece(entry.value.data(), entry.value.size()), *regex);
    case Op::cidr:
      return cidr.contains(entry.value);
    case Op::missing:
    case Op::absent:
      return false;
    case Op::exists:
      return true;
    case Op::gt:
    case Op::gte:
    case Op::lt:
    case Op::lte: {
      double other = 0;
      if (!parse_number(entry.value, other)) return false;
      if (op == Op::gt) return other > number;
      if (op == Op::gte) return other >= number;
      return op == Op::lt ? other < number : other <= number;
    }
    default:
      break;
  }
  std::string_view value = cased ? entry.value : std::string_view(entry.folded());
  switch (op) {
    case Op::equals:
      return value == text;
    case Op::contains:
      return value.find(text) != std::string_view::npos;
    case Op::startswith:
      return value.starts_with(text);
    case Op::endswith:
      return value.ends_with(text);
    default:
      return glob.matches(value);
  }
}

namespace {

bool value_matches(const Item& item, const Value& value, const Record& record) {
  if (item.keyword) {
    for (const auto& entry : record.entries())
      if (value.matches(entry)) return true;
    return false;
  }
  bool present = item.known && record.has(item.field);
  if (value.op == Value::Op::missing || value.op == Value::Op::absent) return !present;
  return present && record.any(item.field, [&](const Record::Entry& entry) { return value.matches(entry); });
}

}  // namespace

bool Item::matches(const Record& record) const {
  bool matched = all;
  for (const auto& value : values)
    if (value_matches(*this, value, record) != all) {
      matched = !all;
      break;
    }
  return matched != negated;
}

}  // namespace assay
