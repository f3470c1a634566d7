#include "tests/farm/small_disk.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "common/fd.h"

namespace assay::farm {

namespace fs = std::filesystem;

namespace {
constexpr const char* kFiller = "filler";
constexpr uint64_t kStep = 64 * 1024;
}  // namespace

Result<SmallDisk> SmallDisk::mount(const fs::path& dir, uint64_t size_bytes) {
  std::error_code ignored;
  fs::create_directories(dir, ignored);
  std::string options = "size=" + std::to_string(size_bytes) + ",mode=0700";
  if (::mount("tmpfs", dir.c_str(), "tmpfs", 0, options.c_str()) != 0)
    return errno_error("mount a tmpfs on " + dir.string());
  return SmallDisk(dir);
}

SmallDisk::~SmallDisk() {
  if (!dir_.empty()) (void)::umount2(dir_.c_str(), MNT_DETACH);
}

Status SmallDisk::fill(uint64_t leave_bytes) const {
  ASSAY_TRY(Fd file, open_file(dir_ / kFiller, O_WRONLY | O_CREAT | O_APPEND));
  for (;;) {
    struct statvfs room {};
    if (::fstatvfs(file.get(), &room) != 0) return errno_error("statvfs " + dir_.string());
    uint64_t free = room.f_bavail * room.f_frsize;
    if (free <= leave_bytes) return Status();
    std::string bytes(std::min(kStep, free - leave_bytes), 'x');
    if (auto done = write_all(file.get(), bytes, kFiller); !done)
      return done.error().code == Errc::no_space ? Status() : done;
  }
}

void SmallDisk::empty() const {
  std::error_code ignored;
  fs::remove(dir_ / kFiller, ignored);
}

}  // namespace assay::farm
