// Texts, lists and words of a policy, each with the place of what is wrong with it.
#include "decisions/policy_parts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "common/text.h"

namespace assay::decisions {
namespace {

constexpr std::array<std::string_view, 3> kOutcomes = {"pass", "warn", "fail"};

// Letters to put in, take out, replace or exchange with their neighbour, so that one becomes the other.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[a.size()][b.size()];
}

}  // namespace

Error Place::error(int line, const std::string& rule) const {
  std::string where = source + (line > 0 ? ":" + std::to_string(line) : "") + ": ";
  return {Errc::invalid, where + (path.empty() ? "the policy" : path) + " " + rule};
}

Place Place::in(std::string_view key) const {
  return {source, (path.empty() ? "" : path + ".") + printable(key, 64)};
}

Place Place::at(size_t index) const { return {source, path + "[" + std::to_string(index) + "]"}; }

std::string any_of(std::span<const std::string_view> words) {
  std::string out;
  for (size_t i = 0; i < words.size(); ++i)
    out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
  return out;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  size_t least = 3;
  if (word.size() < 3 || word.size() > 40) return best;
  for (std::string_view candidate : candidates) {
    size_t letters = distance(word, candidate);
    if (letters < least && letters < std::min(word.size(), candidate.size()) / 2) {
      least = letters;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view meant = nearest(word, candidates);
  return meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?";
}

Status check_map(const yaml::Node& node, const Place& place, Words keys) {
  std::span<const std::string_view> known(keys.begin(), keys.size());
  if (!node.is_map())
    return place.error(node.line, std::string("is ") + yaml::to_string(node.kind) + ", and a map is wanted");
  for (const auto& [key, value] : node.entries) {
    Place at = place.in(key);
    if (std::find(known.begin(), known.end(), key) == known.end())
      return at.error(value.line, "is a key that there is not" + (nearest(key, known).empty()
                                                                      ? "; here are " + any_of(known)
                                                                      : did_you_mean(key, known)));
    if (value.is_null()) return at.error(value.line, "has no value; give one, or leave the key out");
  }
  return Status();
}

Result<std::string> read_text(const yaml::Node& node, const Place& place) {
  if (!node.is_scalar())
    return place.error(node.line, std::string("is ") + yaml::to_string(node.kind) + ", and a text is wanted");
  if (node.scalar.empty()) return place.error(node.line, "is empty");
  if (node.scalar.size() > kMaxTextBytes)
    return place.error(node.line, "has more than " + std::to_string(kMaxTextBytes) + " bytes");
  if (still_printable(node.scalar) != node.scalar)
    return place.error(node.line, quoted(node.scalar) + " has line breaks or characters that cannot be seen");
  return node.scalar;
}

Result<std::vector<std::string>> read_texts(const yaml::Node& node, const Place& place) {
  if (!node.is_list())
    return place.error(node.line, std::string("is ") + yaml::to_string(node.kind) + ", and a list is wanted");
  if (node.items.empty()) return place.error(node.line, "is an empty list");
  if (node.items.size() > kMaxNames)
    return place.error(node.line, "has more than " + std::to_string(kMaxNames) + " entries");
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (size_t i = 0; i < node.items.size(); ++i) {
    ASSAY_TRY(std::string text, read_text(node.items[i], place.at(i)));
    if (!seen.insert(text).second)
      return place.at(i).error(node.items[i].line, quoted(text) + " is there twice");
    out.push_back(std::move(text));
  }
  return out;
}

Result<Outcome> read_outcome(const yaml::Node& node, const Place& place) {
  ASSAY_TRY(std::string text, read_text(node, place));
  for (size_t i = 0; i < kOutcomes.size(); ++i)
    if (text == kOutcomes[i]) return static_cast<Outcome>(i);
  return place.error(node.line, quoted(text) + " is none of pass, warn and fail");
}

Result<bool> read_flag(const yaml::Node& node, const Place& place) {
  ASSAY_TRY(std::string text, read_text(node, place));
  if (text == "true" || text == "false") return text == "true";
  return place.error(node.line, quoted(text) + " is neither true nor false");
}

Result<int> read_number(const yaml::Node& node, const Place& place, int least, int most) {
  ASSAY_TRY(std::string text, read_text(node, place));
  int out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error == std::errc() && end == text.data() + text.size() && out >= least && out <= most) return out;
  return place.error(node.line, quoted(text) + " is no whole number from " + std::to_string(least) + " to " +
                                    std::to_string(most));
}

}  // namespace assay::decisions
