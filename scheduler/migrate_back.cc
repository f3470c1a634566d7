// The way back: a checkpoint in the place of the store. While its files come and go the directory is marked
// as no store (kIncompleteFile), and the same order takes up where it was cut short.
#include <unistd.h>

#include <cerrno>
#include <unordered_set>

#include "common/disk.h"
#include "scheduler/keep.h"
#include "scheduler/keep_keys.h"
#include "scheduler/migrate.h"
#include "scheduler/scan_codec.h"
#include "scheduler/store_files.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhy = "`assay-scheduler migrate --back` was cut short; run it again";

Result<uint32_t> format_of(const fs::path& dir) {
  ASSAY_TRY(std::unique_ptr<Store> store, Store::open(dir, Store::Mode::read_only));
  return Keep(*store).format();
}

Result<std::unordered_set<std::string>> ended_scans(const fs::path& dir) {
  ASSAY_TRY(std::unique_ptr<Store> store, Store::open(dir, Store::Mode::read_only));
  std::unordered_set<std::string> out;
  ASSAY_CHECK(store->scan(Family::scans, "", false, [&](std::string_view key, std::string_view value) {
    auto record = decode_scan(value);
    if (record && !is_open(record->state)) out.emplace(key);
    return true;
  }));
  return out;
}

struct Ahead {
  uint32_t format = 0, format_then = 0;
  uint64_t lost = 0;
};
// What the store has, and a checkpoint has not.
Result<Ahead> ahead_of(const fs::path& dir, const fs::path& checkpoint) {
  Ahead out;
  ASSAY_TRY(out.format, format_of(dir));
  ASSAY_TRY(out.format_then, format_of(checkpoint));
  ASSAY_TRY(auto now, ended_scans(dir));
  ASSAY_TRY(auto then, ended_scans(checkpoint));
  for (const std::string& scan : now) out.lost += !then.contains(scan);
  return out;
}

Status remove_file(const fs::path& file) {
  if (::unlink(file.c_str()) == 0 || errno == ENOENT) return Status();
  return errno_error("remove " + file.string());
}

// The caller has the store's lock.
Status put_back(const fs::path& dir, const fs::path& checkpoint) {
  ASSAY_TRY(auto files, store_files(checkpoint));
  ASSAY_CHECK(mark_incomplete(dir, kWhy));
  ASSAY_CHECK(remove_file(dir / store_root_file()));
  std::error_code error;
  std::vector<fs::path> old;
  for (fs::directory_iterator at(dir, error), end; !error && at != end; at.increment(error))
    if (is_store_file(at->path().filename().string())) old.push_back(at->path());
  if (error) return errno_error("list " + dir.string(), error.value());
  for (const fs::path& file : old) ASSAY_CHECK(remove_file(file));
  for (const StoreFile& file : files)
    if (::link((checkpoint / file.name).c_str(), (dir / file.name).c_str()) != 0)
      return errno_error("put back " + (dir / file.name).string());
  ASSAY_CHECK(sync_directory(dir));
  return clear_incomplete(dir);
}

Status set_back(const fs::path& dir, uint32_t format) {
  ASSAY_TRY(std::unique_ptr<Store> store, Store::open(dir, Store::Mode::read_write));
  return store->write(Keep::of_format(format).ops);
}

Result<WentBack> by_number(const fs::path& dir, uint32_t from, uint32_t to) {
  ASSAY_CHECK(set_back(dir, to));
  ASSAY_TRY([[maybe_unused]] bool closed, close_way_back(dir));
  return WentBack{from, to, false, 0};
}

Result<WentBack> without_checkpoint(const fs::path& dir) {
  ASSAY_TRY(uint32_t format, format_of(dir));
  for (const Migration& step : migrations())
    if (step.to == format && step.reversible) return by_number(dir, format, step.from);
  return Error{Errc::not_found,
               "there is no way back for the store in " + dir.string() + " (format " +
                   std::to_string(format) +
                   "): no checkpoint of a migration is there; restore a backup from before it"};
}

}  // namespace

Result<WentBack> migrate_back(const fs::path& dir, bool discard_newer) {
  auto checkpoint = way_back(dir);
  bool cut_short = is_incomplete(dir, kWhy) || is_incomplete(dir, "");  // killed before it was written
  if (!cut_short) ASSAY_CHECK(check_complete(dir));                     // another's doing, as it says
  if (!checkpoint && cut_short) return check_complete(dir).error();
  if (!checkpoint) return without_checkpoint(dir);
  Ahead ahead;
  if (!cut_short) {
    ASSAY_TRY(ahead, ahead_of(dir, *checkpoint));
    ASSAY_TRY(auto path, migration_path(ahead.format_then, ahead.format, migrations()));
    if (ahead.lost > 0 && !discard_newer && all_reversible(path))
      return by_number(dir, ahead.format, ahead.format_then);
    if (ahead.lost > 0 && !discard_newer)
      return Error{Errc::conflict, std::to_string(ahead.lost) +
                                       " scans have ended since the migration, and would be lost: "
                                       "--discard-newer says that they may be (make a backup "
                                       "first: assay-scheduler backup)"};
  }
  {
    ASSAY_TRY(StoreLock lock, StoreLock::take(dir));
    ASSAY_CHECK(put_back(dir, *checkpoint));
  }
  ASSAY_TRY([[maybe_unused]] bool closed, close_way_back(dir));
  ASSAY_TRY(uint32_t format, format_of(dir));
  return WentBack{cut_short ? kStoreFormat : ahead.format, format, true, ahead.lost};
}

}  // namespace assay
