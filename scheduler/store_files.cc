// RocksDB's file names, and its lock: fcntl(2) on the whole of LOCK (its PosixEnv::LockFile).
#include "scheduler/store_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "common/disk.h"
#include "common/text.h"
#include "scheduler/store.h"

namespace assay {
namespace {

constexpr std::string_view kRoot = "CURRENT", kLock = "LOCK";
constexpr size_t kWhyBytes = 4096;

}  // namespace

// "000123.sst", "000123.blob", "000123.log", "MANIFEST-000005", "OPTIONS-000007", "CURRENT", "IDENTITY".
bool is_store_file(std::string_view name) {
  if (name == kRoot || name == "IDENTITY") return true;
  std::string_view number = name;
  for (std::string_view prefix : {"MANIFEST-", "OPTIONS-"})
    if (name.starts_with(prefix)) number.remove_prefix(prefix.size());
  if (number.size() == name.size()) {
    size_t dot = name.rfind('.');
    if (dot == std::string_view::npos) return false;
    std::string_view kind = name.substr(dot);
    if (kind != ".sst" && kind != ".blob" && kind != ".log") return false;
    number = name.substr(0, dot);
  }
  return !number.empty() &&
         std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string_view store_root_file() { return kRoot; }
std::string_view store_lock_file() { return kLock; }

Status check_complete(const std::filesystem::path& dir) {
  std::error_code error;
  if (!std::filesystem::is_directory(dir, error)) return Status();  // who opens it says so
  auto why = read_file((dir / kIncompleteFile).string(), kWhyBytes);
  if (why)
    return Error{Errc::corrupt,
                 dir.string() + " is no whole store: " + printable(why->substr(0, why->find('\n')), 500)};
  return why.error().code == Errc::not_found ? Status() : Status(why.error());
}

bool is_incomplete(const std::filesystem::path& dir, std::string_view why) {
  auto mark = read_file((dir / kIncompleteFile).string(), kWhyBytes);
  return mark && std::string_view(*mark).substr(0, mark->find('\n')) == why;
}

Status mark_incomplete(const std::filesystem::path& dir, std::string_view why) {
  std::string file = (dir / kIncompleteFile).string();
  ASSAY_TRY(Fd fd, open_file(file, O_WRONLY | O_CREAT | O_TRUNC, 0600));
  ASSAY_CHECK(write_all(fd.get(), std::string(why) + "\n", file));
  if (::fsync(fd.get()) != 0) return errno_error("sync " + file);
  return sync_directory(dir);
}

Status clear_incomplete(const std::filesystem::path& dir) {
  std::string file = (dir / kIncompleteFile).string();
  if (::unlink(file.c_str()) != 0 && errno != ENOENT) return errno_error("remove " + file);
  return sync_directory(dir);
}

Result<StoreLock> StoreLock::take(const std::filesystem::path& dir) {
  std::string file = (dir / kLock).string();
  struct stat owner {};
  if (::stat(dir.c_str(), &owner) != 0) return errno_error("data directory " + dir.string());
  Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd && errno == ENOENT) {
    ASSAY_TRY(fd, open_file(file, O_RDWR | O_CREAT, 0644));
    if (::geteuid() == 0 && ::fchown(fd.get(), owner.st_uid, owner.st_gid) != 0)
      return errno_error("give " + file + " to its directory's owner");
  }
  if (!fd) return errno_error("open " + file);
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(fd.get(), F_SETLK, &whole) == 0) return StoreLock(std::move(fd));
  if (errno != EACCES && errno != EAGAIN) return errno_error("lock " + file);
  return Error{Errc::denied, "data directory " + dir.string() +
                                 " is in use by another assay; stop it or name another with --data"};
}

Result<std::vector<StoreFile>> store_files(const std::filesystem::path& dir) {
  std::vector<StoreFile> out;
  std::error_code error;
  for (std::filesystem::directory_iterator at(dir, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    if (!is_store_file(name)) continue;
    std::error_code gone;
    bool regular = at->symlink_status(gone).type() == std::filesystem::file_type::regular;
    if (!regular) return Error{Errc::corrupt, at->path().string() + " is no regular file"};
    uint64_t size = at->file_size(gone);
    if (gone) return errno_error("size of " + at->path().string(), gone.value());
    out.push_back({std::move(name), size});
  }
  if (error) return errno_error("list " + dir.string(), error.value());
  auto by_name = [](const StoreFile& a, const StoreFile& b) { return a.name < b.name; };
  std::sort(out.begin(), out.end(), by_name);
  bool whole = std::any_of(out.begin(), out.end(), [](const StoreFile& file) { return file.name == kRoot; });
  if (whole) return out;
  return Error{Errc::not_found,
               "there is no store in " + dir.string() + " (no file " + std::string(kRoot) + ")"};
}
}  // namespace assay
