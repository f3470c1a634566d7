// units: times and sizes as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace assay {

/// "30s", "2m", "1h", "500ms", or plain seconds "30". Errc::invalid names the text.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
/// "512M", "8G", "64K" (powers of 1024), or plain bytes. Errc::invalid names the text.
Result<uint64_t> parse_bytes(std::string_view text);

}  // namespace assay
