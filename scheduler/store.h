// store: ordered keys, atomic batches with preconditions, range scans and blobs. The narrow seam that another
// engine could fill; RocksDB is behind it, in store.cc and nowhere else. What the keys mean is in keep.h.
// One thread writes; any thread reads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

/// `chunks` and `reports` hold blobs: large values that never change.
/// `artifacts` holds blobs, too.
enum class Family : uint8_t {
  scans,
  chunks,
  reports,
  digests,
  open,
  batches,
  members,
  results,
  agents,
  index,
  artifacts,
  sweeps,
  once,
  logins
};
inline constexpr size_t kFamilies = 14;
/// "scans", "chunks"...
const char* to_string(Family family);

struct StoreOp {
  Family family;
  std::string key;
  std::string value;
  bool remove = false;
  std::string end = {};  // with remove, if not empty: every key from `key` on and below this
};

struct Precondition {
  Family family;
  std::string key;
  std::optional<std::string> value;  // what must be there; nullopt: nothing
};
/// What a batch is refused with that expected otherwise. `present`: there is something under the key.
Error conflict(const Precondition& expected, bool present);

/// All of it, or, when a precondition does not hold, nothing of it.
struct StoreBatch {
  std::vector<Precondition> expect;
  std::vector<StoreOp> ops;
  bool makes_room = false;  // removes more than it writes: groups of such alone may use half of the reserve
};

/// On the disk; what is in memory only is not counted.
struct FamilyBytes {
  uint64_t disk = 0;     // of the family's files
  uint64_t garbage = 0;  // of that: known to be removed, and not given back yet
};

/// Keys from `from` on and below `below`; both empty: all.
struct KeyRange {
  Family family;
  std::string from, below;
};

/// In a store's directory: what was begun there was not ended, as this file says (store_files.h). Such a
/// directory is not opened.
inline constexpr char kIncompleteFile[] = "incomplete";

class Store {
 public:
  enum class Mode { read_write, read_only };
  /// Creates the directory and the families that are not there when writable; a reader sees those as empty.
  /// Errors: denied (another process has it open: says which directory and what to do), no_space, corrupt
  /// (also where kIncompleteFile is), not_found (read_only and no store there), unsupported (a later version
  /// wrote it).
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& dir, Mode mode);
  virtual ~Store() = default;

  /// Group commit: the batches in order, each seeing those before it, in one synced write. On disk when it
  /// returns; element i is ok, or Errc::conflict naming the key whose precondition did not hold (that batch
  /// left no trace, the others stand). An error instead (no_space, io): none of them is written, and the
  /// same call may be tried again. (Should the process die right then, the next one may find all of them.)
  virtual Result<std::vector<Status>> commit(const std::vector<StoreBatch>& group) = 0;
  /// One batch without preconditions.
  Status write(std::vector<StoreOp> ops);

  /// Errc::not_found when there is no such key.
  virtual Result<std::string> get(Family family, std::string_view key) const = 0;
  /// Keys with `prefix` in order (newest-first callers pass reverse), from `start` on if that is not empty
  /// (at or after it; with reverse: at or before); stops when `visit` returns false.
  virtual Status scan(Family family, std::string_view prefix, bool reverse,
                      const std::function<bool(std::string_view key, std::string_view value)>& visit,
                      std::string_view start = {}) const = 0;
  /// Room left where the store writes, in bytes.
  virtual Result<uint64_t> free_bytes() const = 0;

  virtual Result<FamilyBytes> bytes(Family family) const = 0;
  /// All files in the directory, the log of what is in memory among them.
  virtual Result<uint64_t> disk_bytes() const = 0;
  /// What was removed in these ranges leaves the disk, and the log shrinks to nothing. What lives beside it
  /// may be copied, so this takes its time: call it from a thread of its own, one at a time, beside the
  /// writer. Errc::no_space: there is not enough room to begin; where there is some, what would have to be
  /// copied stays.
  virtual Status give_back(const std::vector<KeyRange>& ranges) = 0;

  /// The store as it is now, in a directory that is not there yet, on the same file system: hard links, for
  /// what has been written never changes. It takes no more room until this store drops what they link to.
  /// From any thread, beside the writer; everything that was committed before the call is in it. Opened, it
  /// is a store of its own. Errors: conflict (the directory is there), no_space, io.
  virtual Status checkpoint(const std::filesystem::path& dir) const = 0;
};

}  // namespace assay
