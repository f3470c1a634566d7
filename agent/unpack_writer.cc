// Entries written: every directory on the way opened by unpack_place, O_EXCL and O_NOFOLLOW for the last
// step.
#include "agent/unpack_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <cerrno>
#include <filesystem>

#include "common/text.h"

namespace assay {
namespace {

constexpr const char* kOpaque = "trusted.overlay.opaque";
constexpr std::string_view kWhiteout = ".wh.", kOpaqueName = ".wh..wh..opq", kAufs = ".wh..wh.";

bool is_whiteout(const struct stat& s) { return S_ISCHR(s.st_mode) && s.st_rdev == makedev(0, 0); }

Status set_opaque(int dir_fd) {
  if (::fsetxattr(dir_fd, kOpaque, "y", 1, 0) != 0)
    return errno_error("mark as opaque (the layer store needs trusted xattrs)");
  return Status();
}

Status set_opaque_at(int dir_fd, const std::string& name) {
  ASSAY_TRY(Fd dir, open_layer_dir(dir_fd, name));
  return set_opaque(dir.get());
}

timespec mtime(const LayerEntry& entry) {
  bool sane = entry.mtime_ns >= 0 && entry.mtime_ns < 1'000'000'000;
  return {static_cast<time_t>(entry.mtime_s), sane ? entry.mtime_ns : 0};
}

// File capabilities and user attributes describe the file. The rest would speak to overlayfs, SELinux or IMA
// of the host.
bool keep_xattr(const std::string& name) {
  return name == "security.capability" || (name.starts_with("user.") && !name.starts_with("user.overlay."));
}

}  // namespace

Status EntryWriter::add(const LayerEntry& entry, const Read& read) {
  auto done = [&]() -> Status {
    if (++counts_.entries > limit_entries_)
      return Error{Errc::limit, "the layer has more than " + std::to_string(limit_entries_) + " entries"};
    ASSAY_TRY(LayerPlace where, LayerPlace::parse(entry.path));
    if (where.name.starts_with(kWhiteout)) return whiteout(where);
    return add_at(where, entry, read);
  }();
  return std::move(done).context("entry '" + printable(entry.path, 200) + "'");
}

Status EntryWriter::add_at(const LayerPlace& where, const LayerEntry& entry, const Read& read) {
  if (where.name.empty()) {
    if (entry.type != LayerEntry::Type::dir)
      return Error{Errc::invalid, "the layer's root is not a directory"};
    dir_times_[""] = mtime(entry);
    return set_metadata(root_.get(), entry, entry.mode);
  }
  ASSAY_TRY(int dir_fd, parent(where.dir));
  switch (entry.type) {
    case LayerEntry::Type::file:
      return write_regular(dir_fd, where.name, entry, read);
    case LayerEntry::Type::dir:
      return make_dir(where, dir_fd, entry);
    case LayerEntry::Type::hard_link:
      return make_link(where, dir_fd, entry);
    default:
      return make_other(dir_fd, where.name, entry);
  }
}

// image-spec layer.md#whiteouts: they hide what lower layers have, never what this layer brings, whichever
// comes first.
Status EntryWriter::whiteout(const LayerPlace& where) {
  if (where.name == kOpaqueName) {
    ASSAY_TRY(int dir_fd, parent(where.dir));
    return set_opaque(dir_fd);
  }
  if (where.name.starts_with(kAufs)) {  // aufs' own bookkeeping
    ++counts_.aufs_skipped;
    return Status();
  }
  std::string hidden = where.name.substr(kWhiteout.size());
  if (hidden.empty() || hidden == "." || hidden == "..")
    return Error{Errc::invalid, "it is a whiteout of nothing"};
  ASSAY_TRY(int dir_fd, parent(where.dir));
  if (::mknodat(dir_fd, hidden.c_str(), S_IFCHR | 0, makedev(0, 0)) == 0) return Status();
  if (errno != EEXIST) return errno_error("create the whiteout");
  struct stat s {};
  if (::fstatat(dir_fd, hidden.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0)
    return errno_error("stat what it hides");
  return S_ISDIR(s.st_mode) ? set_opaque_at(dir_fd, hidden) : Status();
}

Result<int> EntryWriter::parent(const std::string& dir) {
  if (parent_ && parent_path_ == dir) return parent_.get();
  auto opened = open_layer_dir(root_.get(), dir);
  if (!opened && opened.error().code != Errc::not_found && opened.error().code != Errc::invalid)
    return opened.error();
  if (!opened) opened = make_parents(dir);
  if (!opened) return opened.error();
  parent_ = std::move(*opened);
  parent_path_ = dir;
  return parent_.get();
}

// Directories that the tar takes for granted.
Result<Fd> EntryWriter::make_parents(const std::string& dir) {
  ASSAY_TRY(Fd at, open_layer_dir(root_.get(), ""));
  for (size_t begin = 0; begin < dir.size();) {
    size_t end = std::min(dir.find('/', begin), dir.size());
    std::string name = dir.substr(begin, end - begin);
    begin = end + 1;
    struct stat s {};
    bool hidden = ::fstatat(at.get(), name.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0 && is_whiteout(s);
    if (hidden && ::unlinkat(at.get(), name.c_str(), 0) != 0) return errno_error("replace a whiteout");
    bool made = ::mkdirat(at.get(), name.c_str(), 0755) == 0;
    if (!made && errno != EEXIST) return errno_error("create its directory");
    auto next = open_layer_dir(at.get(), name);
    if (!next)
      return next.error().code == Errc::invalid
                 ? Error{Errc::invalid, "its directory '" + printable(dir.substr(0, end), 200) +
                                            "' is a symbolic link or a file in this layer"}
                 : next.error();
    if (made && ::fchmod(next->get(), 0755) != 0) return errno_error("chmod its directory");
    if (hidden) ASSAY_CHECK(set_opaque(next->get()));
    at = std::move(*next);
  }
  return at;
}

// Makes room for an entry that comes a second time. True: what was there was a whiteout.
Result<bool> EntryWriter::clear(int dir_fd, const std::string& name) {
  struct stat s {};
  if (::fstatat(dir_fd, name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0)
    return errno_error("stat what it replaces");
  if (!S_ISDIR(s.st_mode)) {
    if (::unlinkat(dir_fd, name.c_str(), 0) != 0) return errno_error("replace an earlier entry");
    return is_whiteout(s);
  }
  std::error_code failed;
  std::filesystem::remove_all("/proc/self/fd/" + std::to_string(dir_fd) + "/" + name, failed);
  if (failed) return errno_error("replace an earlier directory", failed.value());
  // The cached parent may lie in what was removed; the one in use stays open until the caller is done with
  // it.
  parent_path_ = "/";
  return false;
}

Status EntryWriter::write_regular(int dir_fd, const std::string& name, const LayerEntry& entry,
                                  const Read& read) {
  if (entry.size_bytes > limit_bytes_ - std::min(limit_bytes_, counts_.bytes))
    return Error{Errc::limit, "it declares " + std::to_string(entry.size_bytes) +
                                  " bytes: the layer would exceed its limit of " +
                                  std::to_string(limit_bytes_) + " bytes"};
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(::openat(dir_fd, name.c_str(), kFlags, 0600));
  if (!fd && errno == EEXIST) {
    ASSAY_CHECK(clear(dir_fd, name));
    fd = Fd(::openat(dir_fd, name.c_str(), kFlags, 0600));
  }
  if (!fd) return errno_error("create it");
  ASSAY_CHECK(write_content(fd.get(), entry, read));
  counts_.bytes += entry.size_bytes;
  ASSAY_CHECK(set_metadata(fd.get(), entry, entry.mode));
  timespec times[2] = {{0, UTIME_NOW}, mtime(entry)};
  if (::futimens(fd.get(), times) != 0) return errno_error("set its time");
  return Status();
}

Status EntryWriter::write_content(int fd, const LayerEntry& entry, const Read& read) {
  uint64_t at = 0;  // the file offset
  for (;;) {
    ASSAY_TRY(LayerData piece, read());
    if (piece.data.empty()) break;
    if (piece.offset > entry.size_bytes || piece.data.size() > entry.size_bytes - piece.offset)
      return Error{Errc::corrupt, "it holds more than the bytes it declares"};
    if (piece.offset != at && ::lseek(fd, static_cast<off_t>(piece.offset), SEEK_SET) < 0)
      return errno_error("seek in it");
    ASSAY_CHECK(write_all(fd, piece.data, "its content"));
    at = piece.offset + piece.data.size();
  }
  if (at < entry.size_bytes && ::ftruncate(fd, static_cast<off_t>(entry.size_bytes)) != 0)
    return errno_error("set its size");
  return Status();
}

Status EntryWriter::make_dir(const LayerPlace& where, int dir_fd, const LayerEntry& entry) {
  bool hidden = false;
  if (::mkdirat(dir_fd, where.name.c_str(), 0700) != 0) {
    if (errno != EEXIST) return errno_error("create it");
    struct stat s {};
    if (::fstatat(dir_fd, where.name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) return errno_error("stat it");
    if (!S_ISDIR(s.st_mode)) {
      ASSAY_TRY(hidden, clear(dir_fd, where.name));
      if (::mkdirat(dir_fd, where.name.c_str(), 0700) != 0) return errno_error("create it");
    }
  }
  ASSAY_TRY(Fd dir, open_layer_dir(dir_fd, where.name));
  if (hidden) ASSAY_CHECK(set_opaque(dir.get()));
  dir_times_[where.dir.empty() ? where.name : where.dir + "/" + where.name] = mtime(entry);
  return set_metadata(dir.get(), entry, entry.mode);
}

// A hard link into a lower layer is refused: no builder writes one, and a layer is unpacked without knowing
// what it will lie upon.
Status EntryWriter::make_link(const LayerPlace& where, int dir_fd, const LayerEntry& entry) {
  std::string shown = "hard link to '" + printable(entry.link, 200) + "'";
  auto target = LayerPlace::parse(entry.link);
  if (!target) return target.error().context(shown);
  auto target_dir = open_layer_dir(root_.get(), target->dir);
  struct stat s {};
  if (target->name.empty() || !target_dir ||
      ::fstatat(target_dir->get(), target->name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0)
    return Error{Errc::invalid, shown + ", which this layer does not have"};
  if (!S_ISREG(s.st_mode) && !S_ISLNK(s.st_mode) && !S_ISFIFO(s.st_mode))
    return Error{Errc::invalid, shown + ", which is not a file"};
  if (target->dir == where.dir && target->name == where.name) return Status();
  auto link = [&] {
    return ::linkat(target_dir->get(), target->name.c_str(), dir_fd, where.name.c_str(), 0) == 0;
  };
  if (link()) return Status();
  if (errno == EEXIST) {
    ASSAY_CHECK(clear(dir_fd, where.name));
    if (link()) return Status();
  }
  return errno_error(shown);
}

Status EntryWriter::make_other(int dir_fd, const std::string& name, const LayerEntry& entry) {
  auto make = [&]() -> int {
    switch (entry.type) {
      case LayerEntry::Type::symlink:
        return ::symlinkat(entry.link.c_str(), dir_fd, name.c_str());
      case LayerEntry::Type::fifo:
        return ::mkfifoat(dir_fd, name.c_str(), 0600);
      default:
        return ::mknodat(dir_fd, name.c_str(), S_IFREG | 0, 0);  // a device, made harmless
    }
  };
  bool device = entry.type == LayerEntry::Type::device;
  if (device) ++counts_.devices;
  if (entry.type == LayerEntry::Type::symlink &&
      (entry.link.empty() || entry.link.size() > LayerPlace::kMaxPathBytes))
    return Error{Errc::invalid, "it is a symbolic link with an empty or overlong target"};
  if (make() != 0) {
    if (errno != EEXIST) return errno_error("create it");
    ASSAY_CHECK(clear(dir_fd, name));
    if (make() != 0) return errno_error("create it");
  }
  if (::fchownat(dir_fd, name.c_str(), entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) != 0)
    return errno_error("set its owner");
  // It was made just now and is no symbolic link: fchmodat(2) cannot be led astray.
  if (entry.type != LayerEntry::Type::symlink &&
      ::fchmodat(dir_fd, name.c_str(), device ? 0 : entry.mode, 0) != 0)
    return errno_error("set its mode");
  counts_.xattrs_dropped += entry.xattrs.size();
  timespec times[2] = {{0, UTIME_NOW}, mtime(entry)};
  if (::utimensat(dir_fd, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) return errno_error("set its time");
  return Status();
}

// In this order: a change of owner clears setuid bits and file capabilities.
Status EntryWriter::set_metadata(int fd, const LayerEntry& entry, uint32_t mode) {
  if (::fchown(fd, entry.uid, entry.gid) != 0) return errno_error("set its owner");
  if (::fchmod(fd, mode & 07777) != 0) return errno_error("set its mode");
  for (const auto& [name, value] : entry.xattrs)
    if (!keep_xattr(name) || ::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0)
      ++counts_.xattrs_dropped;
  return Status();
}

Status EntryWriter::finish() {
  parent_.reset();
  for (const auto& [path, time] : dir_times_) {
    auto dir = open_layer_dir(root_.get(), path);
    if (!dir) continue;  // replaced by something that is no directory
    timespec times[2] = {{0, UTIME_NOW}, time};
    if (::futimens(dir->get(), times) != 0)
      return errno_error("set the time of '" + printable(path, 200) + "'");
  }
  return Status();
}

}  // namespace assay
