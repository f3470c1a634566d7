// path_pattern: the paths of an HTTP service as patterns, "/v1/scans/{id}/report", and a path held against
// one. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

/// What stands for each "{...}" of the pattern, in order: one whole segment, never empty. Nothing where the
/// path is another.
std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path);

}  // namespace assay
