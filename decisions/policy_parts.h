// policy_parts: what reads a policy's tree piece by piece, and says where a mistake lies. Only policy*.cc
// include it.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "decisions/patterns.h"
#include "decisions/policy.h"
#include "scheduler/score/yaml.h"

namespace assay::decisions {

/// A key of the file: "fail.categories[2]".
struct Place {
  std::string source;  // the file's name, fit to be shown
  std::string path;

  /// "SOURCE:LINE: PATH RULE".
  Error error(int line, const std::string& rule) const;
  Place in(std::string_view key) const;
  Place at(size_t index) const;
};

using Words = std::initializer_list<std::string_view>;
/// "one, two or three".
std::string any_of(std::span<const std::string_view> words);
/// Of the candidates the one that `word` is a slip of the pen from (two letters at most); empty: none.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
/// "; did you mean 'x'?", or empty.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// A map of these keys alone, none of them without a value.
Status check_map(const yaml::Node& node, const Place& place, Words keys);
/// One line of text: not empty, bounded, without control characters.
Result<std::string> read_text(const yaml::Node& node, const Place& place);
/// A list of such, not empty, none twice.
Result<std::vector<std::string>> read_texts(const yaml::Node& node, const Place& place);
Result<Outcome> read_outcome(const yaml::Node& node, const Place& place);
Result<bool> read_flag(const yaml::Node& node, const Place& place);
/// A whole number of these bounds.
Result<int> read_number(const yaml::Node& node, const Place& place, int least, int most);

// One section each: policy_asks.cc, policy_allow.cc, policy_waivers.cc.
Status read_asks(const yaml::Node& node, const Place& place, Outcome outcome, Policy& to);
Status read_requirements(const yaml::Node& node, const Place& place, Policy& to);
Status read_allowed(const yaml::Node& node, const Place& place, Policy& to);
Status read_changes(const yaml::Node& node, const Place& place, Policy& to);
Status read_waivers(const yaml::Node& node, const Place& place, Policy& to);

}  // namespace assay::decisions
