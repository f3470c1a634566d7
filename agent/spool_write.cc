// The scan's side: a temporary name, the bytes, fdatasync, the name. After a power failure an attempt either
// has all its chunks or is seen to lack some.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "agent/pull_staging.h"
#include "agent/spool.h"
#include "agent/spool_files.h"
#include "common/disk.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

Status write_whole(const fs::path& dir, const std::string& name, std::string_view bytes) {
  fs::path temporary = dir / ("." + name), path = dir / name;
  auto written = [&]() -> Status {
    ASSAY_TRY(Fd fd, open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
    ASSAY_CHECK(write_all(fd.get(), bytes, path.string()));
    if (::fdatasync(fd.get()) != 0) return errno_error("sync " + path.string());
    if (::rename(temporary.c_str(), path.c_str()) != 0) return errno_error("rename to " + path.string());
    return Status();
  }();
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Status empty_directory(const fs::path& dir) {
  std::error_code failed;
  fs::remove_all(dir, failed);
  if (failed) return errno_error("empty " + dir.string(), failed.value());
  return make_directories(dir);
}

}  // namespace

Result<std::string> read_plain(const fs::path& path, size_t limit_bytes) {
  ASSAY_TRY(Fd fd, open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return errno_error("look at " + path.string());
  if (!S_ISREG(st.st_mode)) return Error{Errc::corrupt, path.string() + " is no file"};
  return read_fd(fd.get(), limit_bytes, path.string());
}

Result<SpoolWriter> SpoolWriter::create(const fs::path& spool, AttemptKey key, uint64_t reserve_bytes) {
  fs::path dir = spool / key.str();
  ASSAY_CHECK(empty_directory(dir));
  return SpoolWriter(dir, reserve_bytes);
}

Status SpoolWriter::chunk(uint32_t index, std::string_view bytes) {
  ASSAY_TRY(uint64_t free, free_bytes(dir_));
  if (free < reserve_bytes_ + bytes.size())
    return Error{Errc::no_space, "no space left for the trace: the file system of " + dir_.string() +
                                     " has " + std::to_string(free >> 20) + " MiB left, " +
                                     std::to_string(reserve_bytes_ >> 20) + " of them in reserve"};
  return write_whole(dir_, chunk_name(index), bytes);
}

void SpoolWriter::take_back(uint32_t first, uint32_t end) {
  for (uint32_t index = first; index < end; ++index) ::unlink((dir_ / chunk_name(index)).c_str());
}

// The agent takes leases down to twice what running scans leave alone; what is kept beside a trace must not
// stop it from that.
bool SpoolWriter::has_room(uint64_t bytes) const {
  auto free = free_bytes(dir_);
  return free && *free / 2 >= reserve_bytes_ + bytes / 2;
}

Status SpoolWriter::done(const wire::Done& done) {
  return write_whole(dir_, std::string(kDoneName), wire::encode(done));
}

// Small, and to be said even on a full disk: without its chunks there is room.
Status SpoolWriter::failed(const wire::Failed& failed) {
  ASSAY_CHECK(empty_directory(dir_));
  return write_whole(dir_, std::string(kFailedName), wire::encode(failed));
}

}  // namespace assay
