// store_files: a store's directory as files: which of them are the store, who may touch them, and whether
// what was begun there was ended. For whoever copies stores (backup, restore, migrate); the store itself is
// store.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

/// Errc::corrupt: kIncompleteFile is there; says what it says.
Status check_complete(const std::filesystem::path& dir);
/// Whether it is there and says `why`: what was begun is ours to take up.
bool is_incomplete(const std::filesystem::path& dir, std::string_view why);
/// Until clear_incomplete() nobody opens the directory as a store. `why`: one line that says what to do. Both
/// are on disk when they return.
Status mark_incomplete(const std::filesystem::path& dir, std::string_view why);
Status clear_incomplete(const std::filesystem::path& dir);

/// Keeps other processes from opening the store in a directory, as an open store does.
class StoreLock {
 public:
  /// Errc::denied: another process has it, and which directory that is. A lock file that has to be made
  /// belongs to the directory's owner.
  static Result<StoreLock> take(const std::filesystem::path& dir);

 private:
  explicit StoreLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

struct StoreFile {
  std::string name;
  uint64_t size = 0;  // bytes
};
/// The files that are the store, by name: not its lock, nor what others keep beside them (login.key, the
/// control socket, checkpoints). Errc::not_found: there is no store in `dir`.
Result<std::vector<StoreFile>> store_files(const std::filesystem::path& dir);
bool is_store_file(std::string_view name);
/// The name of the file whose presence makes a directory a store: it is to be written last and removed first.
std::string_view store_root_file();

/// The file that StoreLock, and RocksDB, lock.
std::string_view store_lock_file();

}  // namespace assay
