// The shape of a canary's path, made and recognised in one place.
#include "common/canary.h"

#include <algorithm>

namespace assay {

std::string canary_path(std::string_view marker) { return std::string(kCanaryPrefix) + std::string(marker); }

std::optional<std::string> canary_marker(std::string_view path) {
  if (path.size() != kCanaryPrefix.size() + kMarkerBytes || !path.starts_with(kCanaryPrefix))
    return std::nullopt;
  path.remove_prefix(kCanaryPrefix.size());
  bool hex = std::all_of(path.begin(), path.end(),
                         [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return hex ? std::optional(std::string(path)) : std::nullopt;
}

}  // namespace assay
