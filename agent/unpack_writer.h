// EntryWriter: tar entries of one layer written below one directory, as overlayfs wants them. The entries are
// hostile: no name leads out of the directory, nothing is written through a symbolic link, devices become
// empty files. Does not read tar; unpack feeds it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/unpack_place.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay {

struct LayerEntry {
  enum class Type { file, dir, symlink, hard_link, fifo, device };
  std::string path, link;  // as the tar has them; link: target of symlink and hard_link
  Type type = Type::file;
  uint64_t size_bytes = 0;
  uint32_t mode = 0, uid = 0, gid = 0;
  int64_t mtime_s = 0;
  long mtime_ns = 0;
  std::vector<std::pair<std::string, std::string>> xattrs;
};

/// A piece of a file's content; data empty: there is no more.
struct LayerData {
  uint64_t offset = 0;
  std::string_view data;
};

struct LayerCounts {
  uint64_t entries = 0, bytes = 0, devices = 0, xattrs_dropped = 0, aufs_skipped = 0;
};

class EntryWriter {
 public:
  EntryWriter(Fd root, uint64_t limit_bytes, uint64_t limit_entries)
      : root_(std::move(root)), limit_bytes_(limit_bytes), limit_entries_(limit_entries) {}

  /// `read` yields the content of a file. Errors begin with the entry's name: invalid, limit, no_space, io,
  /// and those of `read`.
  Status add(const LayerEntry& entry, const std::function<Result<LayerData>()>& read);
  /// Sets the times of directories, which later entries would have changed. Once, at the end.
  Status finish();
  const LayerCounts& counts() const { return counts_; }

 private:
  using Read = std::function<Result<LayerData>()>;

  Status add_at(const LayerPlace& place, const LayerEntry& entry, const Read& read);
  Status whiteout(const LayerPlace& place);
  Result<int> parent(const std::string& dir);
  Result<Fd> make_parents(const std::string& dir);
  Result<bool> clear(int dir_fd, const std::string& name);
  Status write_regular(int dir_fd, const std::string& name, const LayerEntry& entry, const Read& read);
  Status write_content(int fd, const LayerEntry& entry, const Read& read);
  Status make_dir(const LayerPlace& place, int dir_fd, const LayerEntry& entry);
  Status make_link(const LayerPlace& place, int dir_fd, const LayerEntry& entry);
  Status make_other(int dir_fd, const std::string& name, const LayerEntry& entry);
  Status set_metadata(int fd, const LayerEntry& entry, uint32_t mode);

  Fd root_;
  uint64_t limit_bytes_, limit_entries_;
  LayerCounts counts_;
  std::string parent_path_;  // of parent_, so that the files of one directory look it up once
  Fd parent_;
  std::map<std::string, timespec> dir_times_;
};

}  // namespace assay
