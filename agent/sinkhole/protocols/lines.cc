// Lines and words; no protocol's meaning.
#include "agent/sinkhole/protocols/lines.h"

#include <algorithm>

namespace assay::sinkhole {
namespace {
constexpr std::string_view kSpace = " \t";
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  return out;
}

std::vector<std::string_view> words(std::string_view line, size_t limit) {
  std::vector<std::string_view> out;
  for (size_t begin = line.find_first_not_of(kSpace); begin != std::string_view::npos && out.size() < limit;
       begin = line.find_first_not_of(kSpace)) {
    line.remove_prefix(begin);
    size_t end = out.size() + 1 == limit ? line.size() : std::min(line.find_first_of(kSpace), line.size());
    out.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return out;
}

Command command_of(std::string_view line) {
  auto parts = words(line, 2);
  return {parts.empty() ? "" : upper(parts[0]), parts.size() < 2 ? std::string_view() : parts[1]};
}

Match begins_with_word(std::string_view first, std::initializer_list<std::string_view> known) {
  size_t end = first.find_first_of(" \t\r\n");
  std::string word = upper(first.substr(0, end));
  for (std::string_view candidate : known) {
    if (end != std::string_view::npos ? candidate == word : candidate.starts_with(word))
      return end != std::string_view::npos ? Match::yes : Match::maybe;
  }
  return Match::no;
}

std::string LineConversation::hear(std::string_view bytes, Moment& moment) {
  std::string out;
  if (!std::exchange(greeted_, true)) out = banner(moment);
  rest_ = lines_.feed(bytes, [&](std::string_view line) {
    answer(line, moment, out);
    if (out.size() > kMaxAnswerBytes) closing_ = true;
    return !closing_ && !handing_over_;
  });
  return out;
}

std::string LineConversation::greet(Moment& moment) {
  return std::exchange(greeted_, true) ? "" : banner(moment);
}

bool LineConversation::hands_over(std::string& rest) {
  if (!std::exchange(handing_over_, false)) return false;
  rest = std::exchange(rest_, {});
  return true;
}

}  // namespace assay::sinkhole
