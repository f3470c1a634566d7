// store_room: what the families of a RocksDB take on the disk, and how what was removed leaves it. Internal
// to the store files.
#pragma once

#include <rocksdb/db.h>

#include <filesystem>

#include "scheduler/store.h"

namespace assay::store_room {

FamilyBytes bytes_of(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family);
Result<uint64_t> directory_bytes(const std::filesystem::path& dir);
/// Of what a flush of all families would write, at most.
uint64_t memory_bytes(rocksdb::DB& db);

/// Both empty: the whole family.
struct Bounds {
  rocksdb::Slice from, below;
};
/// Bytes of the table files that share keys with the range.
uint64_t tables_beside(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const Bounds& bounds);
/// About how many bytes of blobs these tables name: what compact() copies at most.
uint64_t live_beside(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const Bounds& bounds);

/// Rewrites those tables without what was removed. A blob file leaves once no table names it; with `copy`
/// what lives of it is moved on, so that it does.
rocksdb::Status compact(rocksdb::DB& db, rocksdb::ColumnFamilyHandle& family, const Bounds& bounds,
                        bool copy);

/// Deletes files that no version names any more. RocksDB leaves those to its next flush or compaction that
/// were made while another of either was under way.
rocksdb::Status purge(rocksdb::DB& db);

/// What is committed, in a new directory. What is in memory only is taken with its log, and not flushed for
/// it: a flush on a full disk can stop the store (see check_room() in store.cc).
rocksdb::Status checkpoint(rocksdb::DB& db, const std::string& dir);

}  // namespace assay::store_room
