// Files read and written whole, bounded.
#include "common/fd.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

namespace assay {

Result<Fd> open_file(const std::string& path, int flags, unsigned mode) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return errno_error("open " + path);
  return fd;
}

Result<std::string> read_fd(int fd, size_t limit_bytes, const std::string& name) {
  std::string out;
  std::array<char, 65536> buffer;
  for (;;) {
    ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read " + name);
    if (n == 0) return out;
    if (out.size() + static_cast<size_t>(n) > limit_bytes)
      return Error{Errc::limit, name + " holds more than " + std::to_string(limit_bytes) + " bytes"};
    out.append(buffer.data(), static_cast<size_t>(n));
  }
}

Result<std::string> read_file(const std::string& path, size_t limit_bytes) {
  ASSAY_TRY(Fd fd, open_file(path, O_RDONLY));
  return read_fd(fd.get(), limit_bytes, path);
}

Status write_all(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("write " + name);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return Status();
}

Status check_writable(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) {
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
      return ::access(path.c_str(), W_OK) == 0 ? Status() : Status(errno_error("open " + path));
    auto opened = open_file(path, O_WRONLY);
    return opened ? Status() : Status(opened.error());
  }
  // Also what a dangling link names is only made to be removed again.
  ASSAY_TRY(Fd made, open_file(path, O_WRONLY | O_CREAT));
  std::string name = "/proc/self/fd/" + std::to_string(made.get());
  char target[4096];
  ssize_t length = ::readlink(name.c_str(), target, sizeof target - 1);
  if (length > 0) ::unlink(std::string(target, static_cast<size_t>(length)).c_str());
  return Status();
}

Status write_file(const std::string& path, std::string_view bytes, unsigned mode) {
  ASSAY_TRY(Fd fd, open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode));
  return write_all(fd.get(), bytes, path);
}

Result<Fd> make_event() {
  Fd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!fd) return errno_error("eventfd");
  return fd;
}

void raise_event(int fd) {
  uint64_t one = 1;
  while (::write(fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void clear_event(int fd) {
  uint64_t count = 0;
  while (::read(fd, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

}  // namespace assay
