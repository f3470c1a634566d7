// trust_places: where images keep the certificates that they trust, and the programs that need to be told:
// paths in which a * stands for any part of a name, looked up within bounds in an image that may be hostile.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

/// Files of many certificates, PEM: of systems first, in the order in which programs look for them.
std::span<const std::string_view> system_bundles();
/// The same, of libraries that bring their own.
std::span<const std::string_view> library_bundles();
/// Java's.
std::span<const std::string_view> java_stores();
/// Directories whose files are each found by their subject's hash (OpenSSL), and those that are read whole.
std::span<const std::string_view> hashed_directories();
std::span<const std::string_view> anchor_directories();

/// Those that the image has, links of its directories followed; each pattern's in no order, kMaxFound at
/// most.
inline constexpr size_t kMaxFound = 64;
Result<std::vector<std::string>> find_places(const std::filesystem::path& image_root,
                                             std::span<const std::string_view> patterns);
/// Whether the image has one of them.
bool has_program(const std::filesystem::path& image_root, std::string_view name);

}  // namespace assay
