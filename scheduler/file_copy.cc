// Read once, hashed on the way.
#include "scheduler/file_copy.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>

#include <cerrno>
#include <vector>

#include "common/fd.h"

namespace assay {
namespace {

constexpr size_t kPiece = 1 << 20;

// Until the end; `to` below 0: nowhere.
Result<Digest> pump(int from, const std::string& name, int to, const std::string& to_name, uint64_t& size) {
  Sha256 hash;
  std::vector<char> piece(kPiece);
  size = 0;
  for (;;) {
    ssize_t n = ::read(from, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("read " + name);
    if (n == 0) return hash.finish();
    std::string_view bytes(piece.data(), static_cast<size_t>(n));
    hash.update(bytes);
    size += bytes.size();
    if (to >= 0) ASSAY_CHECK(write_all(to, bytes, to_name));
  }
}

}  // namespace

Result<Digest> copy_file_durably(const std::filesystem::path& from, const std::filesystem::path& to,
                                 uint64_t& size_bytes, const std::optional<FileOwner>& owner) {
  ASSAY_TRY(Fd in, open_file(from.string(), O_RDONLY | O_NOFOLLOW));
  ASSAY_TRY(Fd out, open_file(to.string(), O_WRONLY | O_CREAT | O_EXCL, 0600));
  ASSAY_TRY(Digest digest, pump(in.get(), from.string(), out.get(), to.string(), size_bytes));
  if (owner && ::fchown(out.get(), owner->user, owner->group) != 0)
    return errno_error("give " + to.string() + " to its owner");
  if (::fsync(out.get()) != 0) return errno_error("sync " + to.string());
  return digest;
}

Result<Digest> digest_of_file(const std::filesystem::path& file, uint64_t& size_bytes) {
  ASSAY_TRY(Fd in, open_file(file.string(), O_RDONLY | O_NOFOLLOW));
  return pump(in.get(), file.string(), -1, "", size_bytes);
}

Result<std::optional<FileOwner>> owner_to_be(std::filesystem::path dir) {
  if (::geteuid() != 0) return std::optional<FileOwner>();
  std::error_code error;
  dir = std::filesystem::absolute(dir, error);
  struct stat info {};
  while (::stat(dir.c_str(), &info) != 0) {
    if (errno != ENOENT || !dir.has_relative_path()) return errno_error("look at " + dir.string());
    dir = dir.parent_path();
  }
  return std::optional(FileOwner{info.st_uid, info.st_gid});
}

Status become_owner_of(const std::filesystem::path& dir) {
  struct stat info {};
  if (::stat(dir.c_str(), &info) != 0) return errno_error("data directory " + dir.string());
  if (::geteuid() != 0 || info.st_uid == 0) return Status();
  if (::setgroups(0, nullptr) != 0 || ::setgid(info.st_gid) != 0 || ::setuid(info.st_uid) != 0)
    return errno_error("become the owner of " + dir.string());
  return Status();
}

Status give_to(const std::filesystem::path& path, const std::optional<FileOwner>& owner) {
  if (!owner || ::lchown(path.c_str(), owner->user, owner->group) == 0) return Status();
  return errno_error("give " + path.string() + " to its owner");
}

}  // namespace assay
