// Staging directories, each held by a flock on the directory itself: the kernel drops it when the owner dies,
// however it dies.
#include "agent/pull_staging.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstdlib>

namespace assay {
namespace {

namespace fs = std::filesystem;

// Held while directories are created or swept: a new one must not be swept before its owner has locked it.
Result<Fd> lock_area(const fs::path& area) {
  ASSAY_CHECK(make_directories(area));
  ASSAY_TRY(Fd lock, open_file(area / ".lock", O_RDWR | O_CREAT, 0600));
  while (::flock(lock.get(), LOCK_EX) != 0)
    if (errno != EINTR) return errno_error("lock " + area.string());
  return lock;
}

}  // namespace

Status make_directories(const fs::path& dir) {
  std::error_code failed;
  fs::create_directories(dir, failed);
  if (failed) return errno_error("create directory " + dir.string(), failed.value());
  return Status();
}

Result<Staging> Staging::create(const fs::path& area) {
  ASSAY_TRY(Fd area_lock, lock_area(area));
  std::string path = (area / "XXXXXX").string();
  if (!::mkdtemp(path.data())) return errno_error("create a directory in " + area.string());
  auto lock = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!lock || ::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
    return lock ? errno_error("lock " + path) : lock.error();
  }
  return Staging(path, std::move(*lock));
}

Staging::~Staging() {
  if (path_.empty()) return;
  std::error_code ignored;  // what cannot be removed now is swept later
  fs::remove_all(path_, ignored);
}

Status sweep_staging(const fs::path& area) {
  ASSAY_TRY(Fd area_lock, lock_area(area));
  std::error_code failed;
  fs::directory_iterator entries(area, failed);
  if (failed) return errno_error("list " + area.string(), failed.value());
  for (; entries != fs::directory_iterator(); entries.increment(failed)) {
    auto dir = open_file(entries->path(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!dir || ::flock(dir->get(), LOCK_EX | LOCK_NB) != 0) continue;  // the lock file, or a living owner's
    std::error_code ignored;
    fs::remove_all(entries->path(), ignored);
    if (failed) break;
  }
  return Status();
}

}  // namespace assay
