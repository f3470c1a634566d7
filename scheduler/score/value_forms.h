// value_forms: what Sigma's transforming modifiers make of one written value (appendix of modifiers, "String
// Modifiers" and "Specific Modifiers"): other spellings of an option, encodings, placeholders' values,
// wildcards.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/score/rules.h"

namespace assay {

/// Bytes, Glob::kAny and Glob::kOne.
using Tokens = std::vector<uint16_t>;

/// As many as one written value may become.
inline constexpr size_t kMaxForms = 1024;

/// The text with its wildcards and escapes understood: \* \? \\ are the characters themselves, any other
/// backslash is one.
Tokens tokens_of(std::string_view text);
/// `text` under the modifiers, in their order; those that do not transform are passed by. Errc::limit: too
/// many forms.
Result<std::vector<Tokens>> forms_of(const std::string& text, const std::vector<std::string>& modifiers);

struct Expanded {
  std::vector<std::string> texts;
  std::string missing;  // a placeholder without values; then there are no texts
};
/// |expand: every combination of the placeholders' values. \% is a percent sign.
Result<Expanded> expand(const std::string& text, const Placeholders& placeholders);

}  // namespace assay
