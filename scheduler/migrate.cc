// Forward: the steps of the table, each carried out or only counted.
#include "scheduler/migrate.h"

#include <sys/stat.h>

#include <cerrno>

#include "common/version.h"
#include "scheduler/control.h"
#include "scheduler/keep.h"
#include "scheduler/keep_keys.h"
#include "scheduler/reindex.h"
#include "scheduler/scan_codec.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBefore = "before-";  // the format that it was migrated to

Error too_new(const fs::path& dir, uint32_t format) {
  std::string number = format == UINT32_MAX ? "of no number" : std::to_string(format);
  return {Errc::unsupported,
          "the store in " + dir.string() + " has format " + number + ", this assay-scheduler (" + kVersion +
              ") knows 1 to " + std::to_string(kStoreFormat) +
              ": start the release that made it, or go back with that one's `assay-scheduler migrate "
              "--back`"};
}

// 1 to 2: who is open stands in a family of its own.
Result<PlannedStep> count_open(Store& store, const Migration& migration) {
  PlannedStep out{migration};
  ASSAY_CHECK(store.scan(Family::scans, "", false, [&](std::string_view, std::string_view value) {
    auto record = decode_scan(value);
    ++out.looked_at;
    out.unreadable += !record;
    out.records += record && is_open(record->state);
    return true;
  }));
  return out;
}

PlannedStep as_step(const Migration& migration, const Reindexed& counted) {
  return {migration, counted.added, counted.scans, counted.unreadable};
}

Result<PlannedStep> count(Store& store, const Migration& migration) {
  if (migration.to == 2) return count_open(store, migration);
  ASSAY_TRY(bool knows_all, Keep(store).knows_all());
  if (knows_all) return PlannedStep{migration};
  ASSAY_TRY(Reindexed counted, look_at_index(store));
  return as_step(migration, counted);
}

Result<PlannedStep> carry_out(Store& store, const Migration& migration, const MigrateProgress& progress) {
  if (migration.to == 2) {
    ASSAY_TRY(PlannedStep out, count_open(store, migration));
    ASSAY_TRY(Keep::Opened opened, Keep(store).upgrade());
    return out;
  }
  PlannedStep out{migration};
  ASSAY_TRY(bool knows_all, Keep(store).knows_all());
  if (!knows_all) {
    ASSAY_TRY(Reindexed done, reindex(store, progress));
    out = as_step(migration, done);
  }
  ASSAY_CHECK(store.write(Keep::of_format(migration.to).ops));
  return out;
}

Result<std::vector<Migration>> path_of(Store& store, const fs::path& dir) {
  ASSAY_TRY(uint32_t format, Keep(store).format());
  if (format > kStoreFormat) return too_new(dir, format);
  return migration_path(format, kStoreFormat, migrations());
}

Result<std::vector<PlannedStep>> carry_out_all(Store& store, const std::vector<Migration>& path,
                                               const MigrateProgress& progress) {
  std::vector<PlannedStep> done;
  for (const Migration& migration : path) {
    if (progress) progress();
    ASSAY_TRY(PlannedStep step, carry_out(store, migration, progress));
    done.push_back(std::move(step));
  }
  return done;
}

}  // namespace

std::optional<fs::path> way_back(const fs::path& dir) {
  fs::path path = dir / kCheckpoints / (std::string(kBefore) + std::to_string(kStoreFormat));
  std::error_code error;
  if (fs::is_directory(path, error)) return path;
  return std::nullopt;
}

Result<bool> close_way_back(const fs::path& dir) {
  auto path = way_back(dir);
  if (!path) return false;
  std::error_code error;
  fs::remove_all(*path, error);
  if (error) return errno_error("remove " + path->string(), error.value());
  return true;
}

Result<MigrationPlan> plan_migration(const fs::path& dir) {
  ASSAY_TRY(std::unique_ptr<Store> store, Store::open(dir, Store::Mode::read_only));
  ASSAY_TRY(auto path, path_of(*store, dir));
  MigrationPlan plan{kStoreFormat, kStoreFormat, {}};
  if (!path.empty()) plan.from = path.front().from;
  for (const Migration& migration : path) {
    ASSAY_TRY(PlannedStep step, count(*store, migration));
    plan.steps.push_back(std::move(step));
  }
  return plan;
}

Result<Migrated> migrate_store(const fs::path& dir) {
  std::error_code error;
  if (!fs::is_directory(dir, error)) return Error{Errc::not_found, "there is no store in " + dir.string()};
  ASSAY_TRY(std::unique_ptr<Store> store, Store::open(dir, Store::Mode::read_write));
  ASSAY_TRY(auto path, path_of(*store, dir));
  Migrated out;
  if (path.empty()) return out;
  // One that a migration which was cut short has left is of before that: what has ended since is not in it.
  ASSAY_TRY([[maybe_unused]] bool removed, close_way_back(dir));
  fs::path checkpoints = dir / kCheckpoints;
  if (::mkdir(checkpoints.c_str(), 0700) != 0 && errno != EEXIST)
    return errno_error("make " + checkpoints.string());
  out.checkpoint = checkpoints / (std::string(kBefore) + std::to_string(kStoreFormat));
  ASSAY_CHECK(store->checkpoint(out.checkpoint));
  ASSAY_TRY(out.steps, carry_out_all(*store, path, nullptr));
  return out;
}

Result<std::vector<PlannedStep>> bring_up_to_date(Store& store, const fs::path& dir,
                                                  const MigrateProgress& progress) {
  ASSAY_TRY(auto path, path_of(store, dir));
  if (!all_additive(path))
    return Error{Errc::unsupported,
                 "the store in " + dir.string() + " has format " + std::to_string(path.front().from) +
                     ", this assay-scheduler (" + kVersion + ") works with " + std::to_string(kStoreFormat) +
                     ": look with `assay-scheduler migrate --dry-run`, then run `assay-scheduler "
                     "migrate`"};
  return carry_out_all(store, path, progress);
}

}  // namespace assay
