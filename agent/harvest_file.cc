// openat2(2) for every open: the tree was written by the guest.
#include "agent/harvest_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>

#include "common/digest.h"

namespace assay {

Result<Fd> open_below(int root_fd, const std::string& path, int flags, Links links) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  if (!(flags & O_PATH)) how.flags |= O_NONBLOCK | O_NOCTTY;
  how.resolve = RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
  how.resolve |= links == Links::refuse ? RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS : RESOLVE_IN_ROOT;
  Fd fd(
      static_cast<int>(::syscall(SYS_openat2, root_fd, path.empty() ? "." : path.c_str(), &how, sizeof how)));
  if (fd) return fd;
  if (errno == ENOTDIR || errno == ELOOP || errno == EXDEV || errno == ENXIO || errno == ENAMETOOLONG)
    errno = ENOENT;
  return errno_error("open " + path);
}

std::string kernel_name(int fd) {
  std::string out(4096, '\0');
  ssize_t n = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), out.data(), out.size());
  out.resize(static_cast<size_t>(std::max<ssize_t>(n, 0)));
  return out;
}

std::string path_below(const std::string& root, int fd) {
  std::string path = kernel_name(fd);
  return path.starts_with(root + "/") ? path.substr(root.size()) : "";
}

std::string_view without_deleted(std::string_view path) {
  constexpr std::string_view kDeleted = " (deleted)";
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return path;
}

Result<std::vector<std::string>> list_names(Fd dir, const std::string& name) {
  struct CloseDir {
    void operator()(DIR* d) const { ::closedir(d); }
  };
  std::unique_ptr<DIR, CloseDir> stream(::fdopendir(dir.get()));
  if (!stream) return errno_error("list " + name);
  dir.release();
  std::vector<std::string> out;
  for (;;) {
    errno = 0;
    dirent* entry = ::readdir(stream.get());
    if (!entry && errno != 0) return errno_error("list " + name);
    if (!entry) return out;
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      out.emplace_back(entry->d_name);
  }
}

std::string special_type(const struct stat& s) {
  if (S_ISREG(s.st_mode)) return "";
  if (S_ISDIR(s.st_mode)) return "dir";
  if (S_ISLNK(s.st_mode)) return "symlink";
  return "other";
}

std::string content_type(int fd) {
  char buffer[1024];
  ssize_t n = ::pread(fd, buffer, sizeof buffer, 0);
  std::string_view start(buffer, static_cast<size_t>(std::max<ssize_t>(n, 0)));
  if (start.starts_with("\x7f"
                        "ELF"))
    return "elf";
  if (start.starts_with("#!")) return "script";
  if (start.empty()) return "data";
  // Bytes above 127 may be UTF-8, or a code page: text too. Control characters other than white space and
  // escape are not.
  bool text = std::all_of(start.begin(), start.end(), [](char c) {
    auto byte = static_cast<uint8_t>(c);
    return byte >= 0x20 ? byte != 0x7f : (byte >= 0x08 && byte <= 0x0d) || byte == 0x1b;
  });
  return text ? "text" : "data";
}

Result<std::string> hash_file(int fd, uint64_t limit_bytes, uint64_t& budget_bytes, const std::string& name) {
  struct stat s {};
  if (::fstat(fd, &s) != 0) return errno_error("stat " + name);
  auto size = static_cast<uint64_t>(std::max<off_t>(s.st_size, 0));
  if (size > limit_bytes || size > budget_bytes)
    return Error{Errc::limit, name + " is too large to be hashed"};
  budget_bytes -= size;
  Sha256 hasher;
  std::string buffer(256 * 1024, '\0');
  // By size, not to the end: a file that still grows does not keep us.
  for (uint64_t at = 0; at < size;) {
    ssize_t n =
        ::pread(fd, buffer.data(), std::min<uint64_t>(buffer.size(), size - at), static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read " + name);
    if (n == 0) break;
    hasher.update({buffer.data(), static_cast<size_t>(n)});
    at += static_cast<uint64_t>(n);
  }
  return hasher.finish().hex();
}

}  // namespace assay
