// Lexical normalisation of guest paths.
#include "common/paths.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace assay {

std::string resolve_path(std::string_view base, std::string_view path) {
  if (path.empty()) return "";
  if (path[0] != '/' && (base.empty() || base[0] != '/')) return std::string(path);
  std::vector<std::string_view> parts;
  auto walk = [&](std::string_view text) {
    while (!text.empty()) {
      size_t end = std::min(text.find('/'), text.size());
      std::string_view part = text.substr(0, end);
      if (part == "..") {
        if (!parts.empty()) parts.pop_back();
      } else if (!part.empty() && part != ".") {
        parts.push_back(part);
      }
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  };
  if (path[0] != '/') walk(base);
  walk(path);
  std::string out;
  for (auto part : parts) (out += '/') += part;
  return out.empty() ? "/" : out;
}

}  // namespace assay
