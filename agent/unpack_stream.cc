// Blob bytes through SHA-256 and one libarchive filter. The filter is fixed beforehand: libarchive's own
// guessing would peel any number of nested compressions.
#include "agent/unpack_stream.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "common/text.h"

namespace assay {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr size_t kBlockBytes = 192 * 1024;  // handed over at once; libarchive's own blocks are a third of it

int filter_of(std::string_view start) {
  if (start.starts_with("\x1f\x8b")) return ARCHIVE_FILTER_GZIP;
  if (start.starts_with("\x28\xb5\x2f\xfd")) return ARCHIVE_FILTER_ZSTD;
  if (start.starts_with("\xfd"
                        "7zXZ"))
    return ARCHIVE_FILTER_XZ;
  if (start.starts_with("BZh")) return ARCHIVE_FILTER_BZIP2;
  return ARCHIVE_FILTER_NONE;
}

}  // namespace

LayerStream::LayerStream(Fd fd, uint64_t limit_bytes, int cancel_fd)
    : fd_(std::move(fd)), cancel_fd_(cancel_fd), buffer_(kReadBytes), left_bytes_(limit_bytes) {}

Result<std::unique_ptr<LayerStream>> LayerStream::open(const std::filesystem::path& blob,
                                                       uint64_t limit_bytes, int cancel_fd) {
  ASSAY_TRY(Fd fd, open_file(blob, O_RDONLY | O_NOFOLLOW));
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  std::unique_ptr<LayerStream> stream(new LayerStream(std::move(fd), limit_bytes, cancel_fd));
  ASSAY_TRY(stream->first_, stream->read_blob());
  stream->filter_code_ = filter_of(stream->first_);
  return stream;
}

Result<std::string_view> LayerStream::read_blob() {
  if (!first_.empty()) return std::exchange(first_, {});
  if (cancel_fd_ >= 0) {
    pollfd p{cancel_fd_, POLLIN, 0};
    if (::poll(&p, 1, 0) > 0) return Error{Errc::cancelled, "unpacking was cancelled"};
  }
  ssize_t n;
  while ((n = ::read(fd_.get(), buffer_.data(), buffer_.size())) < 0 && errno == EINTR) {
  }
  if (n < 0) return errno_error("read the blob");
  std::string_view bytes(buffer_.data(), static_cast<size_t>(n));
  blob_hash_.update(bytes);
  return bytes;
}

la_ssize_t LayerStream::on_read(struct archive* a, void* self, const void** bytes) {
  auto* stream = static_cast<LayerStream*>(self);
  auto read = stream->read_blob();
  if (!read) {
    stream->read_status_ = read.error();
    archive_set_error(a, EIO, "read failed");
    return ARCHIVE_FATAL;
  }
  *bytes = read->data();
  return static_cast<la_ssize_t>(read->size());
}

Status LayerStream::start_filter() {
  filter_.reset(archive_read_new());
  archive* a = filter_.get();
  archive_entry* entry = nullptr;
  if (archive_read_append_filter(a, filter_code_) != ARCHIVE_OK ||
      archive_read_support_format_raw(a) != ARCHIVE_OK ||
      archive_read_open(a, this, nullptr, on_read, nullptr) != ARCHIVE_OK ||
      archive_read_next_header(a, &entry) != ARCHIVE_OK) {
    if (!read_status_) return read_status_;
    const char* why = archive_error_string(a);
    return Error{Errc::corrupt,
                 std::string("cannot decompress it: ") + printable(why ? why : "unknown reason", 200)};
  }
  return Status();
}

Result<std::string_view> LayerStream::decompress_block() {
  if (filter_code_ == ARCHIVE_FILTER_NONE) return read_blob();
  if (!filter_) ASSAY_CHECK(start_filter());
  const void* bytes = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  int code;
  // An empty block is not the end.
  while ((code = archive_read_data_block(filter_.get(), &bytes, &size, &offset)) == ARCHIVE_OK && size == 0) {
  }
  if (code == ARCHIVE_EOF) return std::string_view();
  if (code == ARCHIVE_OK) return std::string_view(static_cast<const char*>(bytes), size);
  if (!read_status_) return read_status_.error();
  const char* why = archive_error_string(filter_.get());
  return Error{Errc::corrupt,
               std::string("cannot decompress it: ") + printable(why ? why : "unknown reason", 200)};
}

void LayerStream::decompress() {
  for (;;) {
    RingBlock block;
    block.bytes = ring_.spare();
    block.bytes.clear();
    bool last = false;
    while (!last && block.bytes.size() < kBlockBytes) {
      auto bytes = decompress_block();
      last = !bytes || bytes->empty();
      if (bytes) block.bytes.append(*bytes);
      if (!bytes) block.status = bytes.error();
    }
    // What came before an error is handed on, and then the error.
    if (last && !block.bytes.empty() && !ring_.push({std::move(block.bytes), Status()})) return;
    if (last) block.bytes.clear();
    if (!ring_.push(std::move(block)) || last) return;
  }
}

void LayerStream::end_thread() {
  ring_.stop();
  if (thread_.joinable()) thread_.join();
}

Result<std::string_view> LayerStream::next() {
  if (ended_) return std::string_view();
  if (!thread_.joinable()) thread_ = std::thread([this] { decompress(); });
  ring_.give_back(std::move(block_.bytes));
  block_ = ring_.pop();
  ended_ = block_.bytes.empty();
  if (!block_.status) return block_.status.error();
  if (block_.bytes.size() > left_bytes_)
    return Error{Errc::limit, "it decompresses to more than a layer may hold"};
  left_bytes_ -= block_.bytes.size();
  tar_hash_.update(block_.bytes);
  return std::string_view(block_.bytes);
}

// The filter may stop before the file does, and the caller before the tar's end: the rest still counts for
// the digest.
Result<Digest> LayerStream::blob_digest() {
  end_thread();
  for (;;) {
    ASSAY_TRY(std::string_view bytes, read_blob());
    if (bytes.empty()) return blob_hash_.finish();
  }
}

}  // namespace assay
