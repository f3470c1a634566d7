// A cursor over a header's text, and two grammars by it.
#include "sources/registry_link.h"

#include "common/ascii.h"

namespace assay::sources {
namespace {

constexpr size_t kMaxChallenges = 16, kMaxValues = 32;

bool token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}
  bool end() const { return at_ == text_.size(); }
  size_t at() const { return at_; }
  void back(size_t at) { at_ = at; }
  void blanks(std::string_view more = "") {
    while (!end() && (text_[at_] == ' ' || text_[at_] == '\t' || more.find(text_[at_]) != more.npos)) ++at_;
  }
  bool take(char c) {
    if (end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::string token(std::string_view more = "") {
    size_t from = at_;
    while (!end() && (token_char(text_[at_]) || more.find(text_[at_]) != more.npos)) ++at_;
    return std::string(text_.substr(from, at_ - from));
  }
  // Up to `c`, which is taken; nothing where it does not come.
  std::optional<std::string> until(char c) {
    size_t found = text_.find(c, at_);
    if (found == text_.npos) return std::nullopt;
    std::string out(text_.substr(at_, found - at_));
    at_ = found + 1;
    return out;
  }
  // A quoted string behind its first quote.
  std::optional<std::string> quoted() {
    std::string out;
    while (!end() && text_[at_] != '"') {
      if (text_[at_] == '\\' && ++at_ == text_.size()) return std::nullopt;
      out += text_[at_++];
    }
    if (!take('"')) return std::nullopt;
    return out;
  }
  // "NAME = VALUE"; where it is none, the cursor stays.
  std::optional<std::pair<std::string, std::string>> parameter() {
    size_t from = at_;
    std::string name = ascii_lower(token());
    blanks();
    if (name.empty() || !take('=')) {
      at_ = from;
      return std::nullopt;
    }
    blanks();
    std::optional<std::string> value = take('"') ? quoted() : token("/:?=@");
    if (value) return std::pair(name, *value);
    at_ = from;
    return std::nullopt;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

bool has_word(const std::string& list, std::string_view word) {
  for (size_t from = 0; from <= list.size();) {
    size_t end = std::min(list.find(' ', from), list.size());
    if (ascii_lower(list.substr(from, end - from)) == word) return true;
    from = end + 1;
  }
  return false;
}

}  // namespace

std::optional<std::string> next_link(std::string_view header) {
  Cursor cursor(header);
  for (;;) {
    cursor.blanks(",");
    if (!cursor.take('<')) return std::nullopt;
    auto target = cursor.until('>');
    if (!target) return std::nullopt;
    bool next = false;
    for (cursor.blanks(); cursor.take(';'); cursor.blanks()) {
      cursor.blanks();
      auto parameter = cursor.parameter();
      if (parameter && parameter->first == "rel") next = next || has_word(parameter->second, "next");
      if (!parameter && cursor.token().empty()) break;
    }
    if (next) return target;
  }
}

std::string Challenge::value(const std::string& name) const {
  auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> out;
  Cursor cursor(header);
  while (out.size() < kMaxChallenges) {
    cursor.blanks(",");
    Challenge challenge;
    challenge.scheme = ascii_lower(cursor.token());
    if (challenge.scheme.empty()) break;
    for (size_t count = 0; count < kMaxValues; ++count) {
      size_t from = cursor.at();
      cursor.blanks(",");
      auto parameter = cursor.parameter();
      if (!parameter) {  // the next challenge's scheme
        cursor.back(from);
        break;
      }
      challenge.values.emplace(*parameter);
    }
    out.push_back(std::move(challenge));
  }
  return out;
}

}  // namespace assay::sources
