// RocksDB behind the store. Every write is one synced batch; chunks and reports, which are large and never
// change, live in blob files so that compaction does not copy them.
#include "scheduler/store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include <array>
#include <cassert>

namespace assay {
namespace {

constexpr std::array<const char*, 4> kFamilies = {"scans", "chunks", "reports", "digests"};
constexpr int kReadOnlyTries = 5;

// No LOG file: RocksDB 7.8's aborts the process when the disk is full (it writes on after its first error),
// and a reader has no business writing into the writer's directory. What matters comes back as a status.
class Silence : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::DBOptions db_options(Store::Mode mode) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_open_files =
      mode == Store::Mode::read_only ? -1 : 256;  // a reader holds what it saw, whatever the writer deletes
  options.max_background_jobs = 2;
  options.max_total_wal_size = 64 << 20;
  options.db_write_buffer_size = 48 << 20;
  options.info_log = std::make_shared<Silence>();
  // A torn last record is a write that was never acknowledged; damage before it is an error, not silence.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  return options;
}

rocksdb::ColumnFamilyOptions family_options(Family family, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = 4 << 20;
  if (family == Family::chunks || family == Family::reports) {
    options.write_buffer_size = 16 << 20;
    options.enable_blob_files = true;
    options.min_blob_size = 4096;
    options.blob_file_size = 128 << 20;
    options.enable_blob_garbage_collection = true;
    // Chunks come compressed.
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

bool holds_store(const std::filesystem::path& dir) {
  std::error_code error;
  return std::filesystem::exists(dir / "CURRENT", error);
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
  return {Errc::io, where + ": " + text};
}

Status make_directory(const std::filesystem::path& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return errno_error("create data directory " + dir.string(), error.value());
  return Status();
}

}  // namespace

struct Store::State {
  std::filesystem::path dir;
  Mode mode;
  std::unique_ptr<rocksdb::DB> db;
  std::array<rocksdb::ColumnFamilyHandle*, kFamilies.size() + 1> handles{};  // RocksDB's own "default" last

  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles[static_cast<size_t>(family)]; }
  ~State() {
    for (auto* handle : handles)
      if (handle) db->DestroyColumnFamilyHandle(handle);
  }
};

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Result<Store> Store::open(const std::filesystem::path& dir, Mode mode) {
  if (mode == Mode::read_write) ASSAY_CHECK(make_directory(dir));
  if (mode == Mode::read_only && !holds_store(dir))
    return Error{Errc::not_found, "no scans in " + dir.string() + " yet: `assay scan REF` makes one"};

  auto cache = rocksdb::NewLRUCache(32 << 20);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < kFamilies.size(); ++i)
    families.emplace_back(kFamilies[i], family_options(static_cast<Family>(i), cache));
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions());

  auto state = std::make_unique<State>();
  state->dir = dir;
  state->mode = mode;
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::Status status;
  // A writer may delete a file between a reader's look at the manifest and its open: look again.
  for (int tries = mode == Mode::read_only ? kReadOnlyTries : 1; tries > 0; --tries) {
    status = mode == Mode::read_only
                 ? rocksdb::DB::OpenForReadOnly(db_options(mode), dir.string(), families, &handles, &db)
                 : rocksdb::DB::Open(db_options(mode), dir.string(), families, &handles, &db);
    if (status.ok()) break;
  }
  if (!status.ok()) return error_of(status, dir, "open data directory");
  state->db.reset(db);
  std::copy(handles.begin(), handles.end(), state->handles.begin());
  return Store(std::move(state));
}

Status Store::write(const std::vector<StoreOp>& batch) {
  assert(state_->mode == Mode::read_write);
  rocksdb::WriteBatch out;
  for (const StoreOp& op : batch) {
    auto* family = state_->handle(op.family);
    rocksdb::Status status = op.remove ? out.Delete(family, op.key) : out.Put(family, op.key, op.value);
    if (!status.ok()) return error_of(status, state_->dir, "write to");
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::Status status = state_->db->Write(options, &out);
  if (!status.ok()) return error_of(status, state_->dir, "write to");
  return Status();
}

Result<std::string> Store::get(Family family, std::string_view key) const {
  std::string value;
  rocksdb::Status status =
      state_->db->Get(rocksdb::ReadOptions(), state_->handle(family), {key.data(), key.size()}, &value);
  if (status.IsNotFound())
    return Error{Errc::not_found, "no such key in " + std::string(kFamilies[static_cast<size_t>(family)])};
  if (!status.ok()) return error_of(status, state_->dir, "read from");
  return value;
}

Status Store::scan(Family family, std::string_view prefix, bool reverse,
                   const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  std::string upper = upper_bound(prefix);
  rocksdb::Slice lower_slice(prefix.data(), prefix.size()), upper_slice(upper);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower_slice;
  if (!upper.empty()) options.iterate_upper_bound = &upper_slice;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> at(state_->db->NewIterator(options, state_->handle(family)));
  reverse ? at->SeekToLast() : at->SeekToFirst();  // within the bounds
  for (; at->Valid(); reverse ? at->Prev() : at->Next()) {
    rocksdb::Slice key = at->key(), value = at->value();
    if (!visit({key.data(), key.size()}, {value.data(), value.size()})) return Status();
  }
  if (!at->status().ok()) return error_of(at->status(), state_->dir, "read from");
  return Status();
}

}  // namespace assay
