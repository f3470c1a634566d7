// Segment by segment.
#include "common/path_pattern.h"

#include <algorithm>

namespace assay {
namespace {

// The first segment of `path`, taken from it.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);  // the slash
  size_t end = std::min(path.find('/'), path.size());
  std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

}  // namespace

std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path) {
  std::vector<std::string> out;
  while (!pattern.empty() && !path.empty()) {
    if (path.front() != '/') return std::nullopt;
    std::string_view wanted = take_segment(pattern), got = take_segment(path);
    if (wanted.starts_with('{') && !got.empty())
      out.emplace_back(got);
    else if (wanted != got)
      return std::nullopt;
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return out;
}

}  // namespace assay
