// packages: what agent and assay-inspect hand each other about the package databases of an image: their files,
// as they lie there, one way; the other way an index of who owns which file. The index is made of hostile
// files by a process that they may have taken over: its reader believes no offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay::inspect {

inline constexpr size_t kMaxDatabaseFiles = 40'000;
inline constexpr size_t kMaxDatabaseBytes = 192u << 20;  // of one image, together
inline constexpr size_t kMaxOwnedFiles = 2'000'000;      // more are left out
inline constexpr size_t kMaxOwnedPathBytes = 4096, kMaxPackageNameBytes = 200, kMaxSummaryBytes = 1000;
inline constexpr size_t kMaxIndexBytes = 384u << 20;

// Descriptors of the child.
inline constexpr int kDatabasesFd = 3, kIndexFd = 4;

enum class DatabaseKind : uint8_t {
  dpkg_list = 0,        // info/NAME.list: paths
  dpkg_md5sums = 1,     // info/NAME.md5sums, also of distroless images: digests and paths
  dpkg_diversions = 2,  // from, to, by whom: a line each
  dpkg_status = 3,      // one package's paragraph (distroless)
  apk_installed = 4,
  rpm_sqlite = 5,
  not_read = 6,  // a database that is there, and of a format that is not read; name: in words
};
inline constexpr uint8_t kDatabaseKinds = 7;

struct DatabaseFile {
  DatabaseKind kind = DatabaseKind::not_read;
  std::string name;  // of the package by the file's name, where it has one a package
  std::string bytes;
  bool operator==(const DatabaseFile&) const = default;
};

std::string encode_databases(const std::vector<DatabaseFile>& files);
/// Errc::corrupt: not what the agent hands over.
Result<std::vector<DatabaseFile>> decode_databases(std::string_view bytes);

struct OwnedFile {
  std::string path;      // absolute
  uint32_t package = 0;  // index into the names
  std::string digest;    // raw: 16 bytes MD5, 20 SHA-1, 32 SHA-256; empty: the package has none of it
};

/// Sorts; of a path's several owners that with a digest stays. `summary`: a line about what was read.
std::string encode_index(const std::vector<std::string>& packages, std::vector<OwnedFile> files,
                         std::string_view summary);

class PackageIndex {
 public:
  struct Owner {
    std::string package, digest;
  };
  /// Errc::corrupt: its parts are not as long as it says.
  static Result<PackageIndex> parse(std::string bytes);
  /// `path` as packages name it. Nothing: nobody's.
  std::optional<Owner> find(std::string_view path) const;
  bool empty() const { return packages_ == 0; }  // no database was read
  uint32_t packages() const { return packages_; }
  uint32_t files() const { return files_; }
  std::string summary() const;

 private:
  std::string_view path_of(uint32_t file) const;
  std::string_view text(uint64_t offset, uint64_t size) const;
  std::string bytes_;
  uint32_t packages_ = 0, files_ = 0, summary_ = 0;
  size_t strings_ = 0;  // where they begin
};

}  // namespace assay::inspect
