// Files of a hostile directory tree: opened without leaving it, told apart, hashed within bounds. Shared by
// harvest, provenance and the stage.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

/// How a path's symbolic links are taken: followed as a process with this root would, or refused anywhere on
/// the way.
enum class Links { follow_in_root, refuse };

/// Opens `path` below `root_fd`, never outside of it. Does not block on fifos. Errc::not_found when it is not
/// there, or leads nowhere.
Result<Fd> open_below(int root_fd, const std::string& path, int flags, Links links);

/// What the kernel calls an open file or directory; empty: nothing.
std::string kernel_name(int fd);
/// The path of an open file below a directory of that kernel_name(), with its "/"; empty: it is not below.
std::string path_below(const std::string& root, int fd);
/// gVisor's path of a file that was deleted meanwhile, without the mark that it sets behind it.
std::string_view without_deleted(std::string_view path);

/// What a directory holds, in no order. `name` is for the error.
Result<std::vector<std::string>> list_names(Fd dir, const std::string& name);

/// "elf", "script", "text" or "data", by the first bytes of an open regular file.
std::string content_type(int fd);
/// By type where it is not regular: "dir", "symlink", "other"; "" for a regular file.
std::string special_type(const struct stat& s);

/// Hex SHA-256 of a regular file from its start. `budget_bytes` is lowered by what was read; a file larger
/// than it, or than `limit_bytes`, is Errc::limit.
Result<std::string> hash_file(int fd, uint64_t limit_bytes, uint64_t& budget_bytes, const std::string& name);

}  // namespace assay
