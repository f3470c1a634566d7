// strace_quoted: a list of strings as runsc's strace prints it: ["a", "b\n\xff"], quoted as by Go's %q. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// What can be read of it, within the bounds of an event's lists; `truncated` grows by the bytes left out.
std::vector<std::string> parse_quoted_list(std::string_view text, uint64_t& truncated);

}  // namespace assay
