// rule_words: pieces of a rule's YAML as a reader would say them: "Image ends with any of '/nc', '/ncat'".
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scheduler/score/yaml.h"

namespace assay {

/// "a program was executed" for "process_creation"; empty for a category that we do not know.
std::string_view category_words(std::string_view category);
/// "0.40"
std::string weight_words(double weight);
/// `Field|modifiers: values`, with at most `shown` of the values. A key without a field is a keyword.
std::string item_words(const std::string& key, const yaml::Node& values, size_t shown);
/// A selection, one line an alternative or item: items of one alternative are joined by a leading "and".
std::vector<std::string> selection_words(const yaml::Node& selection, size_t shown);
/// What a correlation waits for, in one sentence, without the rules that it counts.
std::string correlation_words(const yaml::Node& correlation);
/// A list of texts, or one.
std::vector<std::string> texts_under(const yaml::Node& node, std::string_view key);

}  // namespace assay
