// Of a glob: its longest literal run. Of an expression: what RE2 itself says must be there (FilteredRE2).
#include "scheduler/score/needles.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>

#include "common/ascii.h"

namespace assay {
namespace {

constexpr size_t kMaxNeedles = 200;       // of one expression
constexpr int kShortestOfExpression = 2;  // bytes

// `text` may have been cut at its ends: any part of a needle is a needle.
std::string longest_plain(std::string_view text, size_t limit) {
  std::string_view best;
  while (!text.empty()) {
    auto part = text.substr(0, text.find('\0'));
    if (part.size() > best.size()) best = part;
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return ascii_lower(best.substr(0, limit));
}

std::string of_glob(const Glob& glob) {
  std::string best, run;
  for (uint16_t token : glob.tokens) {
    if (token <= 255)
      run += static_cast<char>(token);
    else
      run.clear();
    if (run.size() > best.size()) best = run;
  }
  return best;
}

bool is_plain(const std::string& atom) {
  return !atom.empty() && std::all_of(atom.begin(), atom.end(),
                                      [](char c) { return c != 0 && static_cast<uint8_t>(c) < 0x80; });
}

std::vector<std::string> of_expression(const re2::RE2& regex, size_t limit) {
  re2::FilteredRE2 filter(kShortestOfExpression);
  int id = 0;
  std::vector<std::string> atoms;
  if (filter.Add(regex.pattern(), regex.options(), &id) != re2::RE2::NoError) return {};
  filter.Compile(&atoms);
  std::vector<int> without;
  filter.AllPotentials({}, &without);
  if (!without.empty() || atoms.size() > kMaxNeedles) return {};
  // Beyond ASCII its folding is Latin-1's, and ours is none.
  if (!std::all_of(atoms.begin(), atoms.end(), is_plain)) return {};
  for (std::string& atom : atoms) atom.resize(std::min(atom.size(), limit));
  return atoms;
}

}  // namespace

std::vector<std::string> needles_of(const Value& value, size_t limit) {
  std::string one;
  switch (value.op) {
    case Value::Op::equals:
    case Value::Op::contains:
    case Value::Op::startswith:
    case Value::Op::endswith:
      one = longest_plain(value.text, limit);
      break;
    case Value::Op::glob:
      one = longest_plain(of_glob(value.glob), limit);
      break;
    case Value::Op::re:
      return of_expression(*value.regex, limit);
    default:
      return {};
  }
  return one.empty() ? std::vector<std::string>() : std::vector<std::string>{one};
}

}  // namespace assay
