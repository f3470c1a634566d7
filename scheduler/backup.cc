// Backups made, looked through and removed. A backup has its name only once all of it is on disk.
#include "scheduler/backup.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "common/disk.h"
#include "common/ids.h"
#include "common/rfc3339.h"
#include "common/text.h"
#include "common/version.h"
#include "scheduler/file_copy.h"
#include "scheduler/keep.h"
#include "scheduler/store_files.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMaking = ".making-", kRemoving = ".removing-";
constexpr uint64_t kSpareBytes = 16 << 20;  // for the manifest, and what a file system needs

Status make_dir(const fs::path& dir) {
  return ::mkdir(dir.c_str(), 0700) == 0 ? Status() : Status(errno_error("make " + dir.string()));
}

Status rename_durably(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return errno_error("rename to " + to.string());
  return sync_directory(to.parent_path());
}

Status check_room_for(uint64_t bytes, const fs::path& dir) {
  ASSAY_TRY(uint64_t free, free_bytes(dir));
  if (free >= bytes + kSpareBytes) return Status();
  return Error{Errc::no_space, dir.string() + " has " + std::to_string(free >> 20) +
                                   " MiB of room, the store takes " + std::to_string(bytes >> 20) +
                                   " MiB: make room or name another directory"};
}

// Copies into `made`, which is there and empty.
Result<BackupManifest> fill(const fs::path& from, const std::vector<StoreFile>& files, const fs::path& made,
                            std::chrono::system_clock::time_point now) {
  fs::path store = made / kBackupStore;
  ASSAY_CHECK(make_dir(store));
  BackupManifest manifest;
  for (const StoreFile& file : files) {
    BackupFile kept{file.name, 0, {}};
    ASSAY_TRY(kept.digest, copy_file_durably(from / file.name, store / file.name, kept.size));
    manifest.files.push_back(std::move(kept));
  }
  ASSAY_CHECK(sync_directory(store));
  ASSAY_TRY(StoreLook look, look_at_store(store));
  manifest.assay = kVersion;
  manifest.store_format = look.format;
  manifest.made = iso_time(std::chrono::system_clock::to_time_t(now));
  manifest.counts = look.counts;
  std::string name = (made / kManifestFile).string();
  ASSAY_TRY(Fd fd, open_file(name, O_WRONLY | O_CREAT | O_EXCL, 0600));
  ASSAY_CHECK(write_all(fd.get(), to_json(manifest), name));
  if (::fsync(fd.get()) != 0) return errno_error("sync " + name);
  ASSAY_CHECK(sync_directory(made));
  return manifest;
}

// What earlier ones that were cut short have left. Nobody else is at work here: we have the lock.
void sweep_out(const fs::path& dir) {
  std::error_code ignored;
  std::vector<fs::path> left;
  for (const auto& entry : fs::directory_iterator(dir, ignored)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(kMaking) || name.starts_with(kRemoving)) left.push_back(entry.path());
  }
  for (const fs::path& path : left) fs::remove_all(path, ignored);
}

Result<BackupManifest> read_manifest(const fs::path& dir) {
  auto text = read_file((dir / kManifestFile).string(), kMaxBackupManifestBytes);
  if (!text && text.error().code == Errc::not_found)
    return Error{Errc::not_found, dir.string() + " is no backup: it has no " + kManifestFile};
  if (!text) return text.error();
  return parse_backup_manifest(*text).context("backup " + dir.string());
}

Status check_file(const fs::path& store, const BackupFile& file) {
  uint64_t size = 0;
  auto digest = digest_of_file(store / file.name, size);
  std::string name = (store / file.name).string();
  if (!digest && digest.error().code == Errc::not_found)
    return Error{Errc::corrupt, "the backup is not whole: " + name + " is missing"};
  if (!digest) return digest.error();
  if (size != file.size)
    return Error{Errc::corrupt, "the backup is damaged: " + name + " has " + std::to_string(size) +
                                    " bytes, its manifest says " + std::to_string(file.size)};
  if (*digest != file.digest)
    return Error{Errc::corrupt, "the backup is damaged: " + name + " has the SHA-256 " + digest->hex() +
                                    ", its manifest says " + file.digest.hex()};
  return Status();
}

}  // namespace

Result<StoreLook> look_at_store(const fs::path& dir) {
  ASSAY_TRY(std::unique_ptr<Store> store, Store::open(dir, Store::Mode::read_only));
  StoreLook out;
  ASSAY_TRY(out.format, Keep(*store).format());
  auto count = [&](Family family, std::string_view prefix, uint64_t& into) {
    return store->scan(family, prefix, false, [&](std::string_view key, std::string_view) {
      into += family != Family::open || is_scan_id(key);
      return true;
    });
  };
  ASSAY_CHECK(count(Family::scans, "", out.counts.scans));
  ASSAY_CHECK(count(Family::open, "", out.counts.open));
  ASSAY_CHECK(count(Family::batches, "", out.counts.batches));
  ASSAY_CHECK(count(Family::sweeps, "s/", out.counts.sweeps));
  ASSAY_CHECK(count(Family::logins, "", out.counts.logins));
  return out;
}

Result<BackupDir> BackupDir::open(const fs::path& dir) {
  std::error_code error;
  if (dir.has_parent_path()) fs::create_directories(dir.parent_path(), error);
  if (error) return errno_error("make " + dir.parent_path().string(), error.value());
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return errno_error("make " + dir.string());
  ASSAY_TRY(Fd lock, open_file(dir.string(), O_RDONLY | O_DIRECTORY));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_error("lock " + dir.string());
    return Error{Errc::busy, "another backup into " + dir.string() + " is under way: wait for it"};
  }
  return BackupDir(dir, std::move(lock));
}

Result<BackupDir::Made> BackupDir::make(const fs::path& from,
                                        std::chrono::system_clock::time_point now) const {
  sweep_out(dir_);
  ASSAY_TRY(auto files, store_files(from));
  uint64_t bytes = 0;
  for (const StoreFile& file : files) bytes += file.size;
  ASSAY_CHECK(check_room_for(bytes, dir_));
  std::string name = make_scan_id(now);
  fs::path making = dir_ / (std::string(kMaking) + name);
  ASSAY_CHECK(make_dir(making));
  auto manifest = fill(from, files, making, now);
  Status named = manifest ? rename_durably(making, dir_ / name) : Status(manifest.error());
  if (named) return Made{dir_ / name, std::move(*manifest), bytes};
  std::error_code ignored;
  fs::remove_all(making, ignored);
  return named.error();
}

Result<std::vector<fs::path>> BackupDir::keep_newest(size_t keep) const {
  std::vector<fs::path> whole, gone;
  std::error_code error;
  for (fs::directory_iterator at(dir_, error), end; !error && at != end; at.increment(error))
    if (is_scan_id(at->path().filename().string()) && read_manifest(at->path())) whole.push_back(at->path());
  if (error) return errno_error("list " + dir_.string(), error.value());
  std::sort(whole.begin(), whole.end());
  keep = std::max<size_t>(keep, 1);
  for (size_t i = 0; i + keep < whole.size(); ++i) {
    fs::path removing = dir_ / (std::string(kRemoving) + whole[i].filename().string());
    ASSAY_CHECK(rename_durably(whole[i], removing));
    fs::remove_all(removing, error);
    if (error) return errno_error("remove " + removing.string(), error.value());
    gone.push_back(whole[i]);
  }
  return gone;
}

Result<BackupManifest> verify_backup(const fs::path& dir) {
  ASSAY_TRY(BackupManifest manifest, read_manifest(dir));
  if (manifest.store_format > kStoreFormat)
    return Error{Errc::unsupported, "backup " + dir.string() + " holds a store of format " +
                                        std::to_string(manifest.store_format) + ", this assay (" + kVersion +
                                        ") knows up to " + std::to_string(kStoreFormat) +
                                        ": restore it with assay " + printable(manifest.assay, 40) +
                                        ", which made it, or a later one"};
  fs::path store = dir / kBackupStore;
  ASSAY_TRY(auto there, store_files(store));
  std::set<std::string_view> listed;
  for (const BackupFile& file : manifest.files) listed.insert(file.name);
  for (const StoreFile& file : there)
    if (!listed.contains(file.name))
      return Error{Errc::corrupt,
                   "the backup is damaged: " + (store / file.name).string() + " is not in its manifest"};
  for (const BackupFile& file : manifest.files) ASSAY_CHECK(check_file(store, file));
  return manifest;
}

}  // namespace assay
