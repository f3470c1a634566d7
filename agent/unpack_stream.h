// LayerStream: the tar inside a layer blob, decompressed as it is read, with the SHA-256 of both sides. One
// pass over the file. Does not know tar. What compresses the blob is told by its first bytes, not by a media
// type that may lie.
#pragma once

#include <archive.h>

#include <filesystem>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/unpack_ring.h"
#include "common/digest.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay {

struct ArchiveFree {
  void operator()(struct archive* a) const { archive_read_free(a); }
};
using ArchivePtr = std::unique_ptr<struct archive, ArchiveFree>;

class LayerStream {
 public:
  /// `limit_bytes` bounds the decompressed size: beyond it next() returns Errc::limit.
  static Result<std::unique_ptr<LayerStream>> open(const std::filesystem::path& blob, uint64_t limit_bytes,
                                                   int cancel_fd);
  LayerStream(const LayerStream&) = delete;
  LayerStream& operator=(const LayerStream&) = delete;
  ~LayerStream() { end_thread(); }

  /// The next bytes of the tar, valid until the next call; empty at its end. Errors: corrupt, limit,
  /// cancelled, io.
  Result<std::string_view> next();
  /// Digests of the whole blob and of the whole tar: after next() has returned nothing. Once.
  Result<Digest> blob_digest();
  Digest tar_digest() { return tar_hash_.finish(); }

 private:
  LayerStream(Fd fd, uint64_t limit_bytes, int cancel_fd);
  // On the thread, until it has ended:
  void decompress();
  Result<std::string_view> decompress_block();
  Result<std::string_view> read_blob();
  Status start_filter();
  static la_ssize_t on_read(struct archive*, void* self, const void** bytes);
  void end_thread();

  Fd fd_;
  int cancel_fd_;
  std::vector<char> buffer_;
  std::string_view first_;  // what was read to recognise the compression, not yet handed on
  Sha256 blob_hash_;
  Status read_status_;   // why on_read() failed
  int filter_code_ = 0;  // libarchive's; ARCHIVE_FILTER_NONE: the blob is the tar
  ArchivePtr filter_;    // once started

  // The caller's side:
  uint64_t left_bytes_;
  Sha256 tar_hash_;
  RingBlock block_;  // what next() returned last
  bool ended_ = false;
  Ring ring_;
  std::thread thread_;
};

}  // namespace assay
