// backup: a whole store copied, file by file with its digest, into a directory of its own, and back. Knows
// files and manifests; what a running scheduler has to do with it is control.h. docs/store.md, Backups.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/fd.h"
#include "scheduler/backup_manifest.h"

namespace assay {

/// Made for one backup at a time: nobody else makes or removes any in the directory meanwhile.
class BackupDir {
 public:
  /// Makes the directory where it is not there, for its owner alone. Errc::busy: another backup into it is
  /// under way.
  static Result<BackupDir> open(const std::filesystem::path& dir);

  /// Copies the store whose files lie in `from` and do not change (a checkpoint, or a store that nobody has
  /// open), opens the copy and counts what is in it. On disk, under its final name DIR/<UTC time>-<random>,
  /// when it returns; until then it has a name that begins with a dot. Errors leave nothing behind: no_space
  /// (before anything is copied, where it is known), not_found (no store there), io...
  struct Made {
    std::filesystem::path path;
    BackupManifest manifest;
    uint64_t bytes = 0;
  };
  Result<Made> make(const std::filesystem::path& from, std::chrono::system_clock::time_point now) const;
  /// Removes whole backups, the oldest first, until `keep` of them are there (at least one); what has no
  /// manifest that can be read is left alone. Returns those that went.
  Result<std::vector<std::filesystem::path>> keep_newest(size_t keep) const;

 private:
  BackupDir(std::filesystem::path dir, Fd lock) : dir_(std::move(dir)), lock_(std::move(lock)) {}
  std::filesystem::path dir_;
  Fd lock_;
};

/// The manifest of the backup in `dir`, when every file is there with its size and digest, and none besides.
/// Errors name the file: corrupt, not_found (it is no backup), unsupported (a later assay made it, or its
/// store has a later format).
Result<BackupManifest> verify_backup(const std::filesystem::path& dir);

/// Puts a backup, verified first, into `data`, which is made, or is there and empty (login.key and what a
/// restore that was cut short has left do not count). What it makes belongs, where root does it, to the
/// owner of `data`, or of the directory that it is made in. Opens it at the end and counts. Errors: conflict
/// (not empty), denied (in use), and those of verify_backup().
Result<BackupManifest> restore_backup(const std::filesystem::path& backup, const std::filesystem::path& data);

/// Of the store in `dir`, which is opened for reading.
struct StoreLook {
  uint32_t format = 0;
  StoreCounts counts;
};
Result<StoreLook> look_at_store(const std::filesystem::path& dir);

}  // namespace assay
