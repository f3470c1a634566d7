// RocksDB behind the store. A group of batches is one synced write; chunks, reports and manifests, which are
// large and never change, live in blob files so that compaction does not copy them. How room is given back is
// in store_room.cc.
#include "scheduler/store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "scheduler/overlay.h"
#include "scheduler/store_files.h"
#include "scheduler/store_room.h"

namespace assay {
namespace {

constexpr int kReadOnlyTries = 5;
constexpr size_t kMemoryBytes = 48 << 20;  // of what is not in a table file yet
constexpr uint64_t kReserveBytes = 64 << 20, kReserveFiles = 64;

// No LOG file: RocksDB 7.8's aborts the process when the disk is full (it writes on after its first error),
// and a reader has no business writing into the writer's directory. What matters comes back as a status.
class Silence : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// When writing has failed, commit() resumes the database. RocksDB's own thread, which would do so some
// seconds later, would only keep it from that meanwhile; what does not stop writing is left to it.
class ResumedByCommit : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status error,
                            bool* auto_recovery) override {
    if (error.severity() >= rocksdb::Status::kHardError) *auto_recovery = false;
  }
};

rocksdb::DBOptions db_options(Store::Mode mode) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_open_files =
      mode == Store::Mode::read_only ? -1 : 256;  // a reader holds what it saw, whatever the writer deletes
  options.max_background_jobs = 2;
  options.max_total_wal_size = 64 << 20;
  options.db_write_buffer_size = kMemoryBytes;
  options.info_log = std::make_shared<Silence>();
  options.listeners = {std::make_shared<ResumedByCommit>()};
  // A torn last record is a write that was never acknowledged; damage before it is an error, not silence.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(Family family, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));  // most preconditions ask for absent keys
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = 4 << 20;
  if (family == Family::scans || family == Family::index) {  // kept for years, and alike
    options.compression = rocksdb::kLZ4Compression;
    options.write_buffer_size = 16 << 20;
  }
  if (family == Family::chunks || family == Family::artifacts || family == Family::reports ||
      family == Family::batches) {
    options.write_buffer_size = 16 << 20;
    options.enable_blob_files = true;
    options.min_blob_size = 4096;
    options.blob_file_size = 128 << 20;
    options.enable_blob_garbage_collection = true;
    // Giving room back rewrites whole table files with every blob that they name: so they name few.
    options.target_file_size_base = family == Family::reports ? 2 << 20 : 256 << 10;
    options.max_bytes_for_level_base = 8 * options.target_file_size_base;
    // Chunks and large manifests come compressed.
    options.blob_compression_type = family == Family::reports ? rocksdb::kZSTD : rocksdb::kNoCompression;
  }
  return options;
}

std::string upper_bound(std::string_view prefix) {
  std::string out(prefix);
  while (!out.empty() && static_cast<uint8_t>(out.back()) == 0xff) out.pop_back();
  if (!out.empty()) out.back() = static_cast<char>(out.back() + 1);
  return out;
}

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

bool holds_store(const std::filesystem::path& dir) {
  std::error_code error;
  return std::filesystem::exists(dir / store_root_file(), error);
}

Error error_of(const rocksdb::Status& status, const std::filesystem::path& dir, const char* what) {
  std::string text = status.ToString();
  std::string where = std::string(what) + " " + dir.string();
  if (status.IsIOError() &&
      (text.find("While lock file") != std::string::npos || text.find("lock hold by") != std::string::npos))
    return {Errc::denied, "data directory " + dir.string() +
                              " is in use by another assay; stop it or name another with --data"};
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace ||
      text.find("No space left") != std::string::npos)
    return {Errc::no_space, where + ": the disk is full; make room or name another directory with --data"};
  if (text.find("Permission denied") != std::string::npos ||
      text.find("Read-only file system") != std::string::npos)
    return {Errc::denied,
            where + ": not writable by this user; name another directory with --data (" + text + ")"};
  if (status.IsCorruption()) return {Errc::corrupt, where + ": " + text};
  if (status.IsNotSupported()) return {Errc::unsupported, where + ": " + text};
  return {Errc::io, where + ": " + text};
}

Status make_directory(const std::filesystem::path& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return errno_error("create data directory " + dir.string(), error.value());
  return Status();
}

class RocksStore : public Store {
 public:
  RocksStore(std::filesystem::path dir, Mode mode) : dir_(std::move(dir)), mode_(mode) {}
  ~RocksStore() override {
    settle();
    for (auto* handle : handles_)
      if (handle) db_->DestroyColumnFamilyHandle(handle);
  }

  Status start();
  Result<std::vector<Status>> commit(const std::vector<StoreBatch>& group) override;
  Result<std::string> get(Family family, std::string_view key) const override;
  Status scan(Family family, std::string_view prefix, bool reverse,
              const std::function<bool(std::string_view key, std::string_view value)>& visit,
              std::string_view start) const override;
  Result<uint64_t> free_bytes() const override;
  Result<FamilyBytes> bytes(Family family) const override;
  Result<uint64_t> disk_bytes() const override;
  Status give_back(const std::vector<KeyRange>& ranges) override;
  Status checkpoint(const std::filesystem::path& dir) const override;

 private:
  rocksdb::Status open_once();
  /// What is in memory alone goes into tables, so that the next to open has no log to read again: that takes
  /// readers a second and more. Without room it stays in the log.
  void settle();
  /// Nothing, or why the batch cannot be.
  Result<std::optional<Error>> refusal(const StoreBatch& batch, const Overlay& overlay) const;
  /// Whether a write of that size may be begun.
  Status check_room(uint64_t bytes, uint64_t reserve = kReserveBytes) const;
  Status write_synced(rocksdb::WriteBatch& out);
  rocksdb::Status append(rocksdb::WriteBatch& out, const StoreBatch& batch) const;
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[static_cast<size_t>(family)]; }

  std::filesystem::path dir_;
  Mode mode_;
  std::unique_ptr<rocksdb::DB> db_;
  // RocksDB's own "default" last. Null: a reader found no such family.
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies + 1> handles_{};
};

rocksdb::Status RocksStore::open_once() {
  std::vector<std::string> there;
  if (holds_store(dir_)) {
    auto status = rocksdb::DB::ListColumnFamilies(db_options(mode_), dir_.string(), &there);
    if (!status.ok()) return status;
  }
  auto cache = rocksdb::NewLRUCache(32 << 20);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  std::vector<size_t> places;  // in handles_
  for (size_t i = 0; i < kFamilies; ++i) {
    auto family = static_cast<Family>(i);
    auto known = std::find(there.begin(), there.end(), to_string(family));
    if (known == there.end() && mode_ == Mode::read_only) continue;
    if (known != there.end()) there.erase(known);
    families.emplace_back(to_string(family), family_options(family, cache));
    places.push_back(i);
  }
  std::erase(there, rocksdb::kDefaultColumnFamilyName);
  if (!there.empty() && mode_ == Mode::read_write)
    return rocksdb::Status::NotSupported("a later assay wrote it, with '" + there.front() + "'");
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());
  places.push_back(kFamilies);

  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  auto status = mode_ == Mode::read_only
                    ? rocksdb::DB::OpenForReadOnly(db_options(mode_), dir_.string(), families, &handles, &db)
                    : rocksdb::DB::Open(db_options(mode_), dir_.string(), families, &handles, &db);
  if (!status.ok()) return status;
  db_.reset(db);
  for (size_t i = 0; i < handles.size(); ++i) handles_[places[i]] = handles[i];
  return status;
}

void RocksStore::settle() {
  if (mode_ != Mode::read_write || !db_ || !check_room(kMemoryBytes)) return;
  (void)db_->Flush(rocksdb::FlushOptions(), {handles_.begin(), handles_.end()});
}

Status RocksStore::start() {
  ASSAY_CHECK(check_complete(dir_));
  if (mode_ == Mode::read_write) ASSAY_CHECK(make_directory(dir_));
  if (mode_ == Mode::read_only && !holds_store(dir_))
    return Error{Errc::not_found, "no scans in " + dir_.string() + " yet: `assay scan REF` makes one"};
  rocksdb::Status status;
  // A writer may delete a file between a reader's look at the manifest and its open: look again.
  for (int tries = mode_ == Mode::read_only ? kReadOnlyTries : 1; tries > 0; --tries) {
    status = open_once();
    if (status.ok()) return Status();
  }
  return error_of(status, dir_, "open data directory");
}

Result<std::optional<Error>> RocksStore::refusal(const StoreBatch& batch, const Overlay& overlay) const {
  rocksdb::PinnableSlice stored;
  for (const Precondition& expected : batch.expect) {
    Overlay::Touched touched = overlay.find(expected.family, expected.key);
    std::optional<std::string_view> value;
    if (touched) {
      value = *touched;
    } else {
      stored.Reset();
      auto status = db_->Get(rocksdb::ReadOptions(), handle(expected.family), expected.key, &stored);
      if (!status.ok() && !status.IsNotFound()) return error_of(status, dir_, "read from");
      if (status.ok()) value = std::string_view(stored.data(), stored.size());
    }
    bool same = expected.value ? value && *value == *expected.value : !value;
    if (!same) return std::optional(conflict(expected, value.has_value()));
  }
  return std::optional<Error>();
}

rocksdb::Status RocksStore::append(rocksdb::WriteBatch& out, const StoreBatch& batch) const {
  for (const StoreOp& op : batch.ops) {
    auto* family = handle(op.family);
    if (op.remove && !op.end.empty() && op.key >= op.end) continue;  // an empty range, which RocksDB refuses
    rocksdb::Status status = !op.remove       ? out.Put(family, op.key, op.value)
                             : op.end.empty() ? out.Delete(family, op.key)
                                              : out.DeleteRange(family, op.key, op.end);
    if (!status.ok()) return status;
  }
  return rocksdb::Status::OK();
}

// RocksDB is kept from meeting a full disk itself. Where a write that starts a flush fails to reach the log,
// RocksDB 7.8 may lose the flush and then waits for it for ever in Resume(); where it cannot make a new log,
// it takes no write again. The reserve is what is in memory and a new log; on a small file system less.
Status RocksStore::check_room(uint64_t bytes, uint64_t reserve) const {
  struct statvfs room {};
  if (::statvfs(dir_.c_str(), &room) != 0) return errno_error("free space of " + dir_.string());
  uint64_t all = uint64_t{room.f_blocks} * room.f_frsize, free = uint64_t{room.f_bavail} * room.f_frsize;
  bool space = free >= std::min(reserve, all / 8 / (kReserveBytes / reserve)) + bytes;
  bool files = room.f_favail >= std::min(kReserveFiles, uint64_t{room.f_files} / 8);  // 0 where not counted
  if (space && files) return Status();
  return error_of(rocksdb::Status::NoSpace(), dir_, "write to");
}

Result<std::vector<Status>> RocksStore::commit(const std::vector<StoreBatch>& group) {
  assert(mode_ == Mode::read_write);
  rocksdb::WriteBatch out;
  Overlay overlay;
  bool makes_room = true;
  std::vector<Status> outcomes;
  outcomes.reserve(group.size());
  for (const StoreBatch& batch : group) {
    ASSAY_TRY(auto refused, refusal(batch, overlay));
    outcomes.push_back(refused ? Status(*refused) : Status());
    if (refused) continue;
    makes_room = makes_room && batch.makes_room;
    auto status = append(out, batch);
    if (!status.ok()) return error_of(status, dir_, "write to");
    if (group.size() > 1) overlay.add(batch);
  }
  if (out.Count() == 0) return outcomes;
  ASSAY_CHECK(check_room(out.GetDataSize(), makes_room ? kReserveBytes / 2 : kReserveBytes));
  ASSAY_CHECK(write_synced(out));
  return outcomes;
}

Status RocksStore::write_synced(rocksdb::WriteBatch& out) {
  rocksdb::WriteOptions options;
  options.sync = true;
  auto status = db_->Write(options, &out);
  if (status.ok()) return Status();
  // A flush that failed meanwhile stops writing until RocksDB is told to try again. It then flushes all that
  // is in memory, so that what a failed write may have left in the log counts no more.
  auto resumed = db_->Resume();
  if (resumed.ok()) status = db_->Write(options, &out);
  if (status.ok()) return Status();
  if (status.severity() >= rocksdb::Status::kFatalError)
    return Error{Errc::io,
                 "write to " + dir_.string() + ": has stopped until it is opened anew: " + status.ToString()};
  return error_of(status, dir_, "write to");
}

Result<std::string> RocksStore::get(Family family, std::string_view key) const {
  std::string value;
  rocksdb::Status status = rocksdb::Status::NotFound();
  if (handle(family)) status = db_->Get(rocksdb::ReadOptions(), handle(family), slice(key), &value);
  if (status.IsNotFound()) return Error{Errc::not_found, std::string("no such key in ") + to_string(family)};
  if (!status.ok()) return error_of(status, dir_, "read from");
  return value;
}

Status RocksStore::scan(Family family, std::string_view prefix, bool reverse,
                        const std::function<bool(std::string_view key, std::string_view value)>& visit,
                        std::string_view start) const {
  if (!handle(family)) return Status();
  std::string upper = upper_bound(prefix);
  rocksdb::Slice lower_slice = slice(prefix), upper_slice(upper);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower_slice;
  if (!upper.empty()) options.iterate_upper_bound = &upper_slice;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, handle(family)));
  // Each within the bounds.
  if (!start.empty())
    reverse ? at->SeekForPrev(slice(start)) : at->Seek(slice(start));
  else
    reverse ? at->SeekToLast() : at->SeekToFirst();
  for (; at->Valid(); reverse ? at->Prev() : at->Next()) {
    rocksdb::Slice key = at->key(), value = at->value();
    if (!visit({key.data(), key.size()}, {value.data(), value.size()})) return Status();
  }
  if (!at->status().ok()) return error_of(at->status(), dir_, "read from");
  return Status();
}

Result<uint64_t> RocksStore::free_bytes() const {
  struct statvfs room {};
  if (::statvfs(dir_.c_str(), &room) != 0) return errno_error("free space of " + dir_.string());
  return uint64_t{room.f_bavail} * room.f_frsize;
}

Result<FamilyBytes> RocksStore::bytes(Family family) const {
  if (!handle(family)) return FamilyBytes();
  return store_room::bytes_of(*db_, *handle(family));
}

Result<uint64_t> RocksStore::disk_bytes() const { return store_room::directory_bytes(dir_); }

Status RocksStore::give_back(const std::vector<KeyRange>& ranges) {
  assert(mode_ == Mode::read_write);
  ASSAY_CHECK(check_room(store_room::memory_bytes(*db_), kReserveBytes / 8));
  std::vector<rocksdb::ColumnFamilyHandle*> all(handles_.begin(), handles_.end());
  auto status = db_->Flush(rocksdb::FlushOptions(), all);
  for (size_t i = 0; i < ranges.size() && status.ok(); ++i) {
    const KeyRange& range = ranges[i];
    store_room::Bounds bounds{slice(range.from), slice(range.below)};
    auto* family = handle(range.family);
    bool copy = static_cast<bool>(check_room(store_room::live_beside(*db_, *family, bounds)));
    ASSAY_CHECK(check_room(store_room::tables_beside(*db_, *family, bounds), kReserveBytes / 8));
    status = store_room::compact(*db_, *family, bounds, copy);
  }
  if (status.ok() && !ranges.empty()) status = store_room::purge(*db_);
  if (status.ok()) return Status();
  return error_of(status, dir_, "give room back in");
}

Status RocksStore::checkpoint(const std::filesystem::path& dir) const {
  assert(mode_ == Mode::read_write);
  std::error_code error;
  if (std::filesystem::exists(dir, error)) return Error{Errc::conflict, dir.string() + " is there already"};
  auto status = store_room::checkpoint(*db_, dir.string());
  if (status.ok()) return Status();
  return error_of(status, dir_, "make a checkpoint of");
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& dir, Mode mode) {
  auto store = std::make_unique<RocksStore>(dir, mode);
  ASSAY_CHECK(store->start());
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace assay
