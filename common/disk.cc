// statvfs(3), and fsync(2) of directories.
#include "common/disk.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/fd.h"

namespace assay {

Result<uint64_t> free_bytes(const std::filesystem::path& dir) {
  struct statvfs space {};
  if (::statvfs(dir.c_str(), &space) != 0) return errno_error("look for free space at " + dir.string());
  return static_cast<uint64_t>(space.f_bavail) * space.f_frsize;
}

Status sync_directory(const std::filesystem::path& dir) {
  ASSAY_TRY(Fd fd, open_file(dir.string(), O_RDONLY | O_DIRECTORY));
  return ::fsync(fd.get()) == 0 ? Status() : Status(errno_error("sync " + dir.string()));
}

}  // namespace assay
