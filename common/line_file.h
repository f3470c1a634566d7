// line_file: files of lines that daemons read while people change them by a command: tokens, hooks. A change
// is whole or not at all, and two at once come one after the other.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

/// The words of a line, without its comment ('#' to its end).
std::vector<std::string_view> words_of_line(std::string_view line);

enum class IfMissing { refuse, make };
/// The file becomes what `change` makes of its text (empty where it is made), or stays where that is an
/// error. A new one is its owner's alone; owner and mode of an old one stay: the daemon need not run as
/// whoever edits it. Errors name the file; Errc::limit beyond `limit_bytes`.
Status change_lines(const std::filesystem::path& file, size_t limit_bytes, IfMissing missing,
                    const std::function<Result<std::string>(const std::string& text)>& change);

/// `text` without the lines that `gone` says.
std::string without_lines(const std::string& text, const std::function<bool(std::string_view)>& gone);

}  // namespace assay
