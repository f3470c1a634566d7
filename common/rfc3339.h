// rfc3339: a time as people write it into a query: "2026-11-26T06:00:00Z", "2026-11-26T06:00:00.5+01:00" (RFC
// 3339, section 5.6). Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace assay {

/// Seconds since the Unix epoch; fractions are cut off. Errc::invalid names the text.
Result<int64_t> parse_rfc3339(std::string_view text);
/// "2026-11-26T06:00:00Z"; empty: no year that has four digits.
std::string iso_time(int64_t unix_seconds);

}  // namespace assay
