// The layer store: one directory a layer, built in a staging directory and renamed into place. libarchive
// reads the tar; unpack_writer writes what it says. Fed by pull; feeds rootfs.
#include "agent/unpack.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <spdlog/spdlog.h>
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "agent/pull_staging.h"
#include "agent/unpack_stream.h"
#include "agent/unpack_writer.h"
#include "common/text.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

// Feeds the tar reader; keeps the error that libarchive can only call a failed read.
struct TarSource {
  LayerStream& stream;
  Status status{};
};

la_ssize_t on_tar_read(struct archive* a, void* data, const void** bytes) {
  auto* source = static_cast<TarSource*>(data);
  auto read = source->stream.next();
  if (!read) {
    source->status = read.error();
    archive_set_error(a, EIO, "read failed");
    return ARCHIVE_FATAL;
  }
  *bytes = read->data();
  return static_cast<la_ssize_t>(read->size());
}

Error tar_error(archive* tar, const TarSource& source, const std::string& after) {
  if (!source.status) return source.status.error();
  const char* why = archive_error_string(tar);
  std::string where = after.empty() ? "" : " after entry '" + printable(after, 200) + "'";
  return {Errc::corrupt, "damaged tar" + where + ": " + printable(why ? why : "unknown reason", 200)};
}

Result<LayerEntry> convert(archive_entry* raw) {
  LayerEntry out;
  auto text = [](const char* s) { return std::string(s ? s : ""); };
  out.path = text(archive_entry_pathname(raw));
  if (out.path.empty()) return Error{Errc::invalid, "an entry has no name"};
  std::string shown = "entry '" + printable(out.path, 200) + "'";
  switch (archive_entry_filetype(raw)) {
    case AE_IFDIR:
      out.type = LayerEntry::Type::dir;
      break;
    case AE_IFLNK:
      out.type = LayerEntry::Type::symlink;
      break;
    case AE_IFIFO:
      out.type = LayerEntry::Type::fifo;
      break;
    case AE_IFCHR:
    case AE_IFBLK:
      out.type = LayerEntry::Type::device;
      break;
    default:
      out.type = LayerEntry::Type::file;
  }
  if (out.type == LayerEntry::Type::symlink) out.link = text(archive_entry_symlink(raw));
  if (const char* target = archive_entry_hardlink(raw)) {
    out.type = LayerEntry::Type::hard_link;
    out.link = target;
  }
  la_int64_t size = archive_entry_size(raw), uid = archive_entry_uid(raw), gid = archive_entry_gid(raw);
  if (size < 0) return Error{Errc::invalid, shown + ": its size is negative"};
  constexpr la_int64_t kMaxId = 0xfffffffe;  // one more means "unchanged" to chown(2)
  if (uid < 0 || uid > kMaxId || gid < 0 || gid > kMaxId)
    return Error{Errc::invalid, shown + ": its owner is out of range"};
  out.size_bytes = static_cast<uint64_t>(size);
  out.uid = static_cast<uint32_t>(uid);
  out.gid = static_cast<uint32_t>(gid);
  out.mode = archive_entry_perm(raw);
  out.mtime_s = archive_entry_mtime(raw);
  out.mtime_ns = archive_entry_mtime_nsec(raw);
  archive_entry_xattr_reset(raw);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t length = 0;
  while (archive_entry_xattr_next(raw, &name, &value, &length) == ARCHIVE_OK)
    out.xattrs.emplace_back(text(name), std::string(static_cast<const char*>(value), length));
  return out;
}

Status read_tar(LayerStream& stream, EntryWriter& writer) {
  ArchivePtr tar(archive_read_new());
  TarSource source{stream};
  archive_read_support_format_tar(tar.get());
  archive_read_support_format_empty(tar.get());
  // Without a filter of its own: what the stream yields is the tar, even if it begins like a gzip file.
  if (archive_read_append_filter(tar.get(), ARCHIVE_FILTER_NONE) != ARCHIVE_OK ||
      archive_read_open(tar.get(), &source, nullptr, on_tar_read, nullptr) != ARCHIVE_OK)
    return tar_error(tar.get(), source, "");
  std::string last;
  auto read = [&]() -> Result<LayerData> {
    const void* bytes = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    int code;
    while ((code = archive_read_data_block(tar.get(), &bytes, &size, &offset)) == ARCHIVE_OK && size == 0) {
    }
    if (code == ARCHIVE_EOF) return LayerData{};
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return tar_error(tar.get(), source, "");
    return LayerData{static_cast<uint64_t>(std::max<la_int64_t>(offset, 0)),
                     {static_cast<const char*>(bytes), size}};
  };
  for (;;) {
    archive_entry* raw = nullptr;
    int code = archive_read_next_header(tar.get(), &raw);
    if (code == ARCHIVE_EOF) break;
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) return tar_error(tar.get(), source, last);
    ASSAY_TRY(LayerEntry entry, convert(raw));
    ASSAY_CHECK(writer.add(entry, read));
    last = std::move(entry.path);
  }
  ASSAY_CHECK(writer.finish());
  // The diffID covers the padding behind the last entry too.
  for (;;) {
    ASSAY_TRY(std::string_view rest, stream.next());
    if (rest.empty()) return Status();
  }
}

uint64_t stream_limit(const UnpackLimits& limits) {
  uint64_t headers = limits.layer_entries > (UINT64_MAX >> 12) ? UINT64_MAX / 2 : limits.layer_entries * 2048;
  return limits.layer_bytes > UINT64_MAX / 2 - headers ? UINT64_MAX
                                                       : limits.layer_bytes + headers + (64 << 20);
}

Result<LayerCounts> extract(const PulledLayer& layer, const fs::path& root, const UnpackLimits& limits,
                            int cancel_fd) {
  ASSAY_TRY(auto stream, LayerStream::open(layer.path, stream_limit(limits), cancel_fd));
  ASSAY_TRY(Fd root_fd, open_file(root, O_RDONLY | O_DIRECTORY));
  EntryWriter writer(std::move(root_fd), limits.layer_bytes, limits.layer_entries);
  Status done = read_tar(*stream, writer);
  if (!done && done.error().code != Errc::corrupt) return done.error();
  // A damaged blob is best told by its digest, whatever its damage did to the tar.
  ASSAY_TRY(Digest blob, stream->blob_digest());
  if (blob != layer.blob.digest)
    return Error{Errc::corrupt, "the blob hashes to " + blob.str() +
                                    ": it is damaged or was tampered with; pull the image again"};
  if (!done) return done.error();
  Digest tar = stream->tar_digest();
  if (tar != layer.diff_id)
    return Error{Errc::corrupt, "its tar hashes to " + tar.str() + " instead of the diffID " +
                                    layer.diff_id.str() + " of the image config"};
  return writer.counts();
}

// Held while a layer is unpacked, so that two agents do not do it twice: one byte of one file, chosen by the
// diffID.
Result<Fd> lock_layer(const fs::path& dir, const Digest& diff_id, int cancel_fd) {
  ASSAY_TRY(Fd fd, open_file(dir / ".lock", O_RDWR | O_CREAT, 0600));
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_len = 1;
  uint32_t place = 0;
  std::memcpy(&place, diff_id.bytes.data(), sizeof place);
  lock.l_start = place;
  while (::fcntl(fd.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR)
      return errno_error("lock the layer store " + dir.string());
    pollfd p{cancel_fd, POLLIN, 0};
    if (::poll(&p, 1, 50) > 0) return Error{Errc::cancelled, "unpacking was cancelled"};
  }
  return fd;
}

std::string boot_id() {
  auto id = read_file("/proc/sys/kernel/random/boot_id", 256);
  return id ? *id : "";
}

// A layer's files reach the disk some time after its rename. A mark says so: if the machine went down before,
// the layer is not to be trusted.
Status settle(const fs::path& dir) {
  fs::path marks = dir / ".unsynced";
  ASSAY_CHECK(make_directories(marks));
  std::error_code failed;
  std::vector<fs::path> settled;
  for (fs::directory_iterator entries(marks, failed), end; !failed && entries != end;
       entries.increment(failed)) {
    auto boot = read_file(entries->path(), 256);
    if (boot && *boot != boot_id()) {
      std::error_code ignored;
      fs::remove_all(dir / entries->path().filename(), ignored);
    }
    settled.push_back(entries->path());
  }
  if (failed) return errno_error("list " + marks.string(), failed.value());
  if (settled.empty()) return Status();
  ASSAY_TRY(Fd fd, open_file(dir, O_RDONLY | O_DIRECTORY));
  if (::syncfs(fd.get()) != 0) return errno_error("sync " + dir.string());
  for (const fs::path& mark : settled) fs::remove(mark, failed);
  return Status();
}

}  // namespace

Result<LayerStore> LayerStore::open(const fs::path& dir) {
  ASSAY_CHECK(make_directories(dir));
  // Layers hold other people's setuid programs: no user of this host may reach them.
  if (::chmod(dir.c_str(), 0700) != 0) return errno_error("chmod " + dir.string());
  ASSAY_CHECK(sweep_staging(dir / ".staging"));
  ASSAY_CHECK(settle(dir));
  return LayerStore(dir);
}

bool LayerStore::has(const PulledLayer& layer) const {
  std::error_code ignored;
  return fs::is_directory(dir_ / layer.diff_id.hex(), ignored);
}

Result<fs::path> LayerStore::unpack(const PulledLayer& layer, const UnpackLimits& limits, int cancel_fd) {
  fs::path target = dir_ / layer.diff_id.hex();
  auto done = [&]() -> Status {
    std::error_code ignored;
    if (fs::is_directory(target, ignored)) return Status();
    ASSAY_TRY(Fd lock, lock_layer(dir_, layer.diff_id, cancel_fd));
    if (fs::is_directory(target, ignored)) return Status();
    ASSAY_TRY(Staging staging, Staging::create(dir_ / ".staging"));
    fs::path root = staging.path() / "root";
    if (::mkdir(root.c_str(), 0755) != 0 || ::chmod(root.c_str(), 0755) != 0)
      return errno_error("create " + root.string());
    ASSAY_TRY(LayerCounts counts, extract(layer, root, limits, cancel_fd));
    ASSAY_CHECK(write_file(dir_ / ".unsynced" / layer.diff_id.hex(), boot_id()));
    if (::rename(root.c_str(), target.c_str()) != 0) return errno_error("rename to " + target.string());
    spdlog::debug(
        "unpacked layer={} entries={} bytes={} devices_made_neutral={} xattrs_dropped={} aufs_skipped={}",
        layer.diff_id.str(), counts.entries, counts.bytes, counts.devices, counts.xattrs_dropped,
        counts.aufs_skipped);
    return Status();
  }();
  if (!done) return done.error().context("layer " + layer.blob.digest.str());
  return target;
}

}  // namespace assay
