// A backup put back. Until all of it is there, the directory is marked as no store (kIncompleteFile).
#include <sys/stat.h>

#include <cerrno>

#include "common/disk.h"
#include "common/text.h"
#include "scheduler/backup.h"
#include "scheduler/control.h"
#include "scheduler/file_copy.h"
#include "scheduler/store.h"
#include "scheduler/store_files.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhy = "a restore into it was cut short; run `assay-scheduler restore` again";
constexpr std::string_view kLoginKey = "login.key";

// What a store that was restored by halves has left goes; anything else is somebody's.
Status clear(const fs::path& data) {
  bool ours = is_incomplete(data, kWhy);
  std::error_code error;
  std::vector<fs::path> left;
  for (fs::directory_iterator at(data, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (name == store_lock_file() || name == kLoginKey || name == kIncompleteFile || name == kControlFile ||
        name == kLastBackup)
      continue;
    if (!ours)
      return Error{Errc::conflict,
                   "data directory " + data.string() + " is not empty (" + printable(name, 100) +
                       "): a backup is restored into an empty one; move it away, or name another "
                       "with --data"};
    left.push_back(at->path());
  }
  if (error) return errno_error("list " + data.string(), error.value());
  for (const fs::path& path : left) {
    fs::remove_all(path, error);
    if (error) return errno_error("remove " + path.string(), error.value());
  }
  return Status();
}

Status make_data(const fs::path& data, const std::optional<FileOwner>& owner) {
  std::error_code error;
  if (fs::exists(data, error)) return Status();
  if (data.has_parent_path()) fs::create_directories(data.parent_path(), error);
  if (error) return errno_error("make " + data.parent_path().string(), error.value());
  if (::mkdir(data.c_str(), 0750) != 0 && errno != EEXIST) return errno_error("make " + data.string());
  return give_to(data, owner);
}

Status copy_back(const fs::path& store, const BackupManifest& manifest, const fs::path& data,
                 const std::optional<FileOwner>& owner) {
  for (const BackupFile& file : manifest.files) {
    uint64_t size = 0;
    ASSAY_TRY(Digest digest, copy_file_durably(store / file.name, data / file.name, size, owner));
    if (digest != file.digest)
      return Error{Errc::corrupt, (store / file.name).string() + " has changed while it was copied"};
  }
  return sync_directory(data);
}

}  // namespace

Result<BackupManifest> restore_backup(const fs::path& backup, const fs::path& data) {
  ASSAY_TRY(BackupManifest manifest, verify_backup(backup));
  ASSAY_TRY(auto owner, owner_to_be(data));
  ASSAY_CHECK(make_data(data, owner));
  {
    ASSAY_TRY(StoreLock lock, StoreLock::take(data));
    ASSAY_CHECK(clear(data));
    ASSAY_CHECK(mark_incomplete(data, kWhy));
    ASSAY_CHECK(copy_back(backup / kBackupStore, manifest, data, owner));
    ASSAY_CHECK(clear_incomplete(data));
  }
  ASSAY_TRY(StoreLook look, look_at_store(data));
  if (look.counts == manifest.counts) return manifest;
  return Error{Errc::corrupt,
               "the restored store in " + data.string() + " holds " + std::to_string(look.counts.scans) +
                   " scans, " + std::to_string(look.counts.open) + " of them open; the backup says " +
                   std::to_string(manifest.counts.scans) + " and " + std::to_string(manifest.counts.open)};
}

}  // namespace assay
