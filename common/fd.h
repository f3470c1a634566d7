// Fd: one open file descriptor, closed once. Move-only.
#pragma once

#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "common/result.h"

namespace assay {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

/// open(2) with O_CLOEXEC; `mode` matters only with O_CREAT.
Result<Fd> open_file(const std::string& path, int flags, unsigned mode = 0644);
/// The whole file. Errc::limit when it holds more than `limit_bytes`.
Result<std::string> read_file(const std::string& path, size_t limit_bytes);
/// Everything from the current offset to the end, bounded likewise. `name` is for the error.
Result<std::string> read_fd(int fd, size_t limit_bytes, const std::string& name);
/// Creates or truncates, writes all.
Status write_file(const std::string& path, std::string_view bytes, unsigned mode = 0644);
/// Whether write_file() could create or overwrite it; leaves the file system as it was. Pipes and devices are
/// not opened: that could block, or end their reader.
Status check_writable(const std::string& path);
/// Writes all of `bytes`. `name` is for the error.
Status write_all(int fd, std::string_view bytes, const std::string& name);

/// An eventfd, non-blocking: how one thread wakes another that waits on descriptors.
Result<Fd> make_event();
/// Makes it readable; it stays so until cleared.
void raise_event(int fd);
void clear_event(int fd);

}  // namespace assay
