// RocksDB's own figures, and its compaction of a range. A blob is named by the table that holds its key; a
// blob file stays until each of its blobs is garbage. Left to itself RocksDB looks only at the oldest quarter
// of these files, whenever it happens to compact: one scan that stays would keep its whole file.
#include "scheduler/store_room.h"

#include <rocksdb/utilities/checkpoint.h>

#include <limits>
#include <memory>

namespace assay::store_room {
namespace {

constexpr uint64_t kGarbageShare = 16;  // less of a family is left for the next time

uint64_t property(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const std::string& name) {
  uint64_t value = 0;
  return db.GetIntProperty(&family, name, &value) ? value : 0;
}

struct Tables {
  uint64_t all = 0, beside = 0;
};

Tables tables(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const Bounds& bounds) {
  rocksdb::ColumnFamilyMetaData meta;
  db.GetColumnFamilyMetaData(&family, &meta);
  Tables out;
  for (const auto& level : meta.levels)
    for (const auto& file : level.files) {
      bool before = !bounds.below.empty() && bounds.below.compare(file.smallestkey) <= 0;
      bool behind = !bounds.from.empty() && bounds.from.compare(file.largestkey) > 0;
      out.all += file.size;
      if (!before && !behind) out.beside += file.size;
    }
  return out;
}

}  // namespace

FamilyBytes bytes_of(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family) {
  using Properties = rocksdb::DB::Properties;
  return {property(db, family, Properties::kTotalSstFilesSize) +
              property(db, family, Properties::kTotalBlobFileSize),
          property(db, family, Properties::kLiveBlobFileGarbageSize)};
}

// Files come and go while it looks.
Result<uint64_t> directory_bytes(const std::filesystem::path& dir) {
  std::error_code error;
  uint64_t sum = 0;
  std::filesystem::directory_iterator at(dir, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    std::error_code gone;
    uint64_t size = at->file_size(gone);
    if (!gone) sum += size;
  }
  if (error) return errno_error("sizes of the files in " + dir.string(), error.value());
  return sum;
}

uint64_t memory_bytes(rocksdb::DB& db) {
  uint64_t sum = 0;
  return db.GetAggregatedIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &sum) ? sum : 0;
}

uint64_t tables_beside(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const Bounds& bounds) {
  return tables(db, family, bounds).beside;
}

uint64_t live_beside(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const Bounds& bounds) {
  Tables found = tables(db, family, bounds);
  FamilyBytes bytes = bytes_of(db, family);
  uint64_t blobs = bytes.disk - std::min(bytes.disk, found.all + bytes.garbage);
  double part = found.all == 0 ? 0 : static_cast<double>(found.beside) / static_cast<double>(found.all);
  return found.beside + static_cast<uint64_t>(part * static_cast<double>(blobs));
}

namespace {

rocksdb::Status compact_once(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const Bounds& bounds,
                             bool copy, rocksdb::BottommostLevelCompaction bottom) {
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;  // the writer's own go on beside it
  options.bottommost_level_compaction = bottom;
  options.blob_garbage_collection_policy =
      copy ? rocksdb::BlobGarbageCollectionPolicy::kForce : rocksdb::BlobGarbageCollectionPolicy::kDisable;
  options.blob_garbage_collection_age_cutoff = 1.0;
  return db.CompactRange(options, &family, bounds.from.empty() ? nullptr : &bounds.from,
                         bounds.below.empty() ? nullptr : &bounds.below);
}

}  // namespace

// Each table once. Those that a compaction of RocksDB's own makes at the same time are left out then, and
// with them what it dropped without copying: so a second time where much garbage is left.
rocksdb::Status compact(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const Bounds& bounds,
                        bool copy) {
  using Bottom = rocksdb::BottommostLevelCompaction;
  auto status = compact_once(db, family, bounds, copy, Bottom::kForceOptimized);
  FamilyBytes left = bytes_of(db, family);
  if (!status.ok() || !copy || left.garbage <= left.disk / kGarbageShare) return status;
  return compact_once(db, family, bounds, copy, Bottom::kForce);
}

rocksdb::Status purge(rocksdb::DB& db) {
  auto status = db.PauseBackgroundWork();  // waits for it
  if (status.ok()) status = db.ContinueBackgroundWork();
  if (status.ok()) status = db.DisableFileDeletions();
  return status.ok() ? db.EnableFileDeletions(false) : status;  // looks through the directory
}

rocksdb::Status checkpoint(rocksdb::DB& db, const std::string& dir) {
  constexpr uint64_t kNeverFlush = std::numeric_limits<uint64_t>::max();
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(&db, &made);
  std::unique_ptr<rocksdb::Checkpoint> owned(made);
  return status.ok() ? owned->CreateCheckpoint(dir, kNeverFlush) : status;
}

}  // namespace assay::store_room
