// disk: what a file system says of itself, and what it is made to keep.
#pragma once

#include <cstdint>
#include <filesystem>

#include "common/result.h"

namespace assay {

/// Of the file system that holds `dir`, for us; bytes. Errors as of statvfs(3).
Result<uint64_t> free_bytes(const std::filesystem::path& dir);

/// What is in the directory's own entries is on disk: fsync(2). A rename is once its directory is.
Status sync_directory(const std::filesystem::path& dir);

}  // namespace assay
