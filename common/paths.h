// paths: guest paths by text alone. Pure: no file system is asked, so symbolic links stay as they are.
#pragma once

#include <string>
#include <string_view>

namespace assay {

/// `path` made absolute from `base`, without "//", "." and ".." ("/.." is "/"). Empty stays empty; a relative
/// path without an absolute base stays relative.
std::string resolve_path(std::string_view base, std::string_view path);
/// The last part of a path; of one that ends with "/" nothing.
constexpr std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace assay
