// Blobs checked, read and stored. A marker file beside the blobs remembers which file was hashed and found
// right.
#include "agent/pull_blobs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>

namespace assay {
namespace {

namespace fs = std::filesystem;

// What tells one file from another that took its name.
std::string file_identity(const struct stat& s) {
  return std::to_string(s.st_size) + " " + std::to_string(s.st_mtim.tv_sec) + "." +
         std::to_string(s.st_mtim.tv_nsec) + " " + std::to_string(s.st_ino);
}

Status rename_into_place(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return errno_error("rename to " + to.string());
  return Status();
}

}  // namespace

Result<BlobStore> BlobStore::open(const fs::path& dir) {
  for (const char* sub : {"sha256", "verified"}) ASSAY_CHECK(make_directories(dir / sub));
  ASSAY_CHECK(sweep_staging(dir / "staging"));
  return BlobStore(dir);
}

Status BlobStore::verify(const Digest& digest, uint64_t size_bytes) const {
  ASSAY_TRY(Fd fd, open_file(path(digest), O_RDONLY | O_NOFOLLOW));
  struct stat s {};
  if (::fstat(fd.get(), &s) != 0) return errno_error("stat " + path(digest).string());
  if (!S_ISREG(s.st_mode) || static_cast<uint64_t>(s.st_size) != size_bytes)
    return Error{Errc::corrupt, "blob " + digest.str() + " has " + std::to_string(s.st_size) +
                                    " bytes instead of " + std::to_string(size_bytes)};
  std::string identity = file_identity(s);
  if (auto known = read_file(marker(digest), 256); known && *known == identity) return Status();
  ASSAY_TRY(Digest found, digest_fd(fd.get(), "blob " + digest.str()));
  if (found != digest) return Error{Errc::corrupt, "blob " + digest.str() + " hashes to " + found.str()};
  ASSAY_TRY(Staging staging, this->staging());
  fs::path file = staging.path() / "marker";
  ASSAY_CHECK(write_file(file, identity));
  return rename_into_place(file, marker(digest));
}

Result<std::string> BlobStore::read(const Digest& digest, size_t limit_bytes) const {
  ASSAY_TRY(Fd fd, open_file(path(digest), O_RDONLY | O_NOFOLLOW));
  ASSAY_TRY(std::string bytes, read_fd(fd.get(), limit_bytes, "blob " + digest.str()));
  if (Digest::of(bytes) != digest)
    return Error{Errc::corrupt, "blob " + digest.str() + " hashes to something else"};
  return bytes;
}

Status BlobStore::put(const Digest& digest, std::string_view bytes) const {
  ASSAY_TRY(Staging staging, this->staging());
  fs::path file = staging.path() / "blob";
  ASSAY_CHECK(write_file(file, bytes));
  return rename_into_place(file, path(digest));
}

void BlobStore::remove(const Digest& digest) const {
  std::error_code ignored;
  fs::remove(marker(digest), ignored);
  fs::remove(path(digest), ignored);
}

}  // namespace assay
