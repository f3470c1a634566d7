// words: lists of words as one text, and back. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// Between the separators; at least one, each may be empty. They point into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);
/// Between blanks, tabs and carriage returns; none is empty. They point into `text`.
std::vector<std::string_view> words_of(std::string_view text);
/// Without blanks and line breaks at both ends; points into `text`.
std::string_view trimmed(std::string_view text);
std::string joined(const std::vector<std::string>& parts, std::string_view between);

}  // namespace assay
