// canary: how a file that the simulated internet handed out proves that it was run: code in it tries to open
// a path that exists nowhere and carries the file's marker. Whoever opens that path, under whatever
// interpreter, runs the file. Written by agent/sinkhole, read by scheduler/score.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace assay {

inline constexpr std::string_view kCanaryPrefix = "/var/lib/misc/.";
inline constexpr size_t kMarkerBytes = 32;  // lower-case hex digits, unique for each answer

/// kCanaryPrefix + marker.
std::string canary_path(std::string_view marker);
/// The marker in a path that a guest opened; nothing if it is no canary's.
std::optional<std::string> canary_marker(std::string_view path);

}  // namespace assay
