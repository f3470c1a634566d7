// json_text: what all JSON forms share: how a document becomes text, and how times are written. The one
// header here that knows the JSON library; only the .cc files of forms include it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace assay {

using Json = nlohmann::ordered_json;

/// Two spaces a level, a line's end behind it. Every string is made printable once more (common/text.h),
/// whoever forgot it: nothing in it moves, hides or reorders what stands beside it in a viewer.
std::string json_text(Json document);

/// "2026-11-30T02:09:34.236Z" (RFC 3339) of nanoseconds since the Unix epoch; what is before it becomes it.
std::string utc_text(int64_t epoch_ns);

}  // namespace assay
