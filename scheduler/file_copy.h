// file_copy: one file copied with its digest, durably; and a file's digest. For backups.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "common/digest.h"
#include "common/result.h"

namespace assay {

/// Whose a file is to be; nothing: of who makes it.
struct FileOwner {
  unsigned user = 0, group = 0;
};

/// Copies `from` (never through a symbolic link) to `to`, which must not be there; 0600, on disk when it
/// returns but for its name in the directory (sync_directory()). `size_bytes` becomes what was copied.
Result<Digest> copy_file_durably(const std::filesystem::path& from, const std::filesystem::path& to,
                                 uint64_t& size_bytes, const std::optional<FileOwner>& owner = std::nullopt);
/// Likewise, without a copy.
Result<Digest> digest_of_file(const std::filesystem::path& file, uint64_t& size_bytes);

/// Who the directory, or the nearest above it that is there, belongs to; nothing where we are not root.
Result<std::optional<FileOwner>> owner_to_be(std::filesystem::path dir);
/// From now on this process is the directory's owner, where it was root: what it makes there is theirs.
/// Errors name the directory.
Status become_owner_of(const std::filesystem::path& dir);
Status give_to(const std::filesystem::path& path, const std::optional<FileOwner>& owner);

}  // namespace assay
