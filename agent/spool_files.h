// The names of a spool's files, which its two sides share, and reading them. Internal to the spool.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

inline constexpr std::string_view kChunkPrefix = "chunk-";
inline constexpr std::string_view kDoneName = "done";
inline constexpr std::string_view kFailedName = "failed";

inline std::string chunk_name(uint32_t index) { return std::string(kChunkPrefix) + std::to_string(index); }

/// A regular file's bytes, no link followed. Errc::not_found, limit, corrupt (no file), io.
Result<std::string> read_plain(const std::filesystem::path& path, size_t limit_bytes);

}  // namespace assay
