// BlobStore: blobs by digest below one directory of this host (sha256/<hex>), and what we know of them. Does
// not fetch. Several agents may share a store: files only ever appear whole, by rename.
#pragma once

#include <filesystem>
#include <string>

#include "agent/pull_staging.h"
#include "common/digest.h"
#include "common/oci.h"
#include "common/result.h"

namespace assay {

class BlobStore {
 public:
  static Result<BlobStore> open(const std::filesystem::path& dir);

  std::filesystem::path path(const Digest& digest) const { return dir_ / "sha256" / digest.hex(); }
  Result<Staging> staging() const { return Staging::create(dir_ / "staging"); }

  /// Errc::not_found: no such blob; Errc::corrupt: its size or its SHA-256 is wrong. A blob found right once
  /// is not hashed again while its file stays the same one (size, time, inode); unpacking hashes it anyway.
  Status verify(const Digest& digest, uint64_t size_bytes) const;
  /// The blob's bytes, hashed. Errors as of verify(), and limit.
  Result<std::string> read(const Digest& digest, size_t limit_bytes) const;
  /// Stores bytes whose digest the caller has checked.
  Status put(const Digest& digest, std::string_view bytes) const;
  void remove(const Digest& digest) const;

 private:
  explicit BlobStore(std::filesystem::path dir) : dir_(std::move(dir)) {}
  std::filesystem::path marker(const Digest& digest) const { return dir_ / "verified" / digest.hex(); }
  std::filesystem::path dir_;
};

}  // namespace assay
