// migrate: a store brought from the format that it has to the one that this assay knows, and back. Which
// steps there are is migrations.h. Takes the store for itself; what it does may be cut short anywhere and be
// run again.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/migrations.h"
#include "scheduler/store.h"

namespace assay {

using MigrateProgress = std::function<void()>;  // called now and then while it goes on

/// A step as it would be carried out in a store.
struct PlannedStep {
  Migration migration;
  uint64_t records = 0;     // that it writes, or changes
  uint64_t looked_at = 0;   // scans
  uint64_t unreadable = 0;  // of these: left as they are
};
struct MigrationPlan {
  uint32_t from = 0, to = 0;
  std::vector<PlannedStep> steps;
};
/// What is to be done to the store in `dir`, counted, and not done: it is opened for reading, beside whoever
/// writes. Errc::unsupported: it has a later format.
Result<MigrationPlan> plan_migration(const std::filesystem::path& dir);

/// Carries all steps out, a checkpoint in checkpoints/ first. What was done, and where the checkpoint is
/// (empty: nothing was to be done). Errors: denied (in use), unsupported, no_space...
struct Migrated {
  std::vector<PlannedStep> steps;
  std::filesystem::path checkpoint;
};
Result<Migrated> migrate_store(const std::filesystem::path& dir);

/// What a scheduler does when it has opened its store: refuses a later format, carries out steps that are all
/// additive (what was done is returned), and refuses others with the command to run. `dir` is for errors.
Result<std::vector<PlannedStep>> bring_up_to_date(Store& store, const std::filesystem::path& dir,
                                                  const MigrateProgress& progress);

/// The way back from the last migrate_store(): its checkpoint is put in the place of the store. Where scans
/// that have ended since would be lost, only the format is set back, if the steps allow it (nothing is lost
/// then); otherwise Errc::conflict, unless `discard_newer`. Without a checkpoint likewise. Errc::not_found:
/// there is no way back.
struct WentBack {
  uint32_t from = 0, to = 0;
  bool by_checkpoint = false;  // else by number alone
  uint64_t lost = 0;           // scans that had ended
};
Result<WentBack> migrate_back(const std::filesystem::path& dir, bool discard_newer);

/// The checkpoint of the last migration, which is the way back and holds room; nothing where there is none.
std::optional<std::filesystem::path> way_back(const std::filesystem::path& dir);
/// Gives it up. False: there was none.
Result<bool> close_way_back(const std::filesystem::path& dir);

}  // namespace assay
