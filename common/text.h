// text: hostile bytes made fit to show. Used wherever something from an image reaches a terminal, a log or
// JSON.
#pragma once

#include <string>
#include <string_view>

namespace assay {

/// Valid UTF-8 without control characters (C0, DEL, C1), bidirectional overrides or line separators; whatever
/// is not becomes \xNN, a backslash itself \\. Reversible, one line, never longer than four times the input.
std::string printable(std::string_view bytes);
/// printable() of at most `limit` bytes of the input, with "..." when it was cut.
std::string printable(std::string_view bytes, size_t limit);
/// printable(), but it leaves backslashes alone: for text that has been through printable() already, and
/// never trusts that it has.
std::string still_printable(std::string_view text);
std::string still_printable(std::string_view text, size_t limit);

}  // namespace assay
