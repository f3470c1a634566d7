// uuid: names made into UUIDs (RFC 9562), so that the same thing has the same id in every export. Pure.
#pragma once

#include <string>
#include <string_view>

namespace assay {

/// Version 5: the SHA-1 of `name` within `space`, a UUID in its usual text.
std::string uuid5(std::string_view space, std::string_view name);
/// Of version 4's form, where a format asks for that: its bits are drawn from the SHA-256 of `seed`.
std::string uuid4_of(std::string_view seed);

/// What Assay names of its own are within: of exports, whatever their form.
inline constexpr std::string_view kAssayUuids = "7d0c1b52-58a4-5c0e-9f0b-3f6a2a4c9e11";

}  // namespace assay
