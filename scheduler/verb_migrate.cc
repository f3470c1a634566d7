// assay-scheduler migrate: told in words, step by step.
#include <boost/program_options.hpp>
#include <iostream>

#include "scheduler/file_copy.h"
#include "scheduler/keep.h"
#include "scheduler/migrate.h"
#include "scheduler/options.h"
#include "scheduler/verbs.h"

namespace assay {
namespace {

namespace po = boost::program_options;

constexpr const char* kNoWords = "word";

void tell(const PlannedStep& step, bool done) {
  const Migration& what = step.migration;
  std::cout << "  " << what.from << " to " << what.to << "  " << what.what << ": " << step.records << " of "
            << step.looked_at << " scans " << (done ? "changed" : "to be changed");
  if (step.unreadable > 0) std::cout << ", " << step.unreadable << " cannot be read and stay as they are";
  std::cout << " (" << (what.additive ? "adds only" : "changes what is there") << ", "
            << (what.reversible ? "reversible" : "reversible by its checkpoint only") << ")\n";
}

Status look(const std::filesystem::path& data) {
  ASSAY_TRY(MigrationPlan plan, plan_migration(data));
  if (plan.steps.empty()) {
    std::cout << "the store in " << data.string() << " has format " << plan.to << ": nothing is to be done\n";
    return Status();
  }
  bool by_itself = true;
  std::cout << "the store in " << data.string() << " has format " << plan.from << "; to bring it to "
            << plan.to << ":\n";
  for (const PlannedStep& step : plan.steps) {
    tell(step, false);
    by_itself = by_itself && step.migration.additive;
  }
  std::cout
      << (by_itself
              ? "a scheduler does this when it starts; `assay-scheduler migrate` makes a checkpoint first\n"
              : "run `assay-scheduler migrate` while the scheduler is stopped\n");
  return Status();
}

Status forward(const std::filesystem::path& data) {
  ASSAY_TRY(Migrated done, migrate_store(data));
  if (done.steps.empty()) {
    std::cout << "the store in " << data.string() << " has format " << kStoreFormat
              << ": nothing was to be done\n";
    return Status();
  }
  for (const PlannedStep& step : done.steps) tell(step, true);
  std::cout << "the way back (`assay-scheduler migrate --back`) is " << done.checkpoint.string()
            << "; `assay-scheduler migrate --done` gives it up, and its room back\n";
  return Status();
}

Status back(const std::filesystem::path& data, bool discard_newer) {
  ASSAY_TRY(WentBack went, migrate_back(data, discard_newer));
  std::cout << "the store in " << data.string() << " went back from format " << went.from << " to "
            << went.to;
  if (went.by_checkpoint)
    std::cout << ": it is as it was before the migration; " << went.lost
              << " scans that ended since are lost\n";
  else
    std::cout << ": what has been added stays, and does no harm; nothing is lost\n";
  return Status();
}

Status run(const po::variables_map& map) {
  auto given = [&](const char* name) { return map[name].as<bool>(); };
  if (map.count(kNoWords)) return Error{Errc::invalid, "migrate takes options only (--help tells which)"};
  if (given("dry-run") + given("back") + given("done") > 1)
    return Error{Errc::invalid, "--dry-run, --back and --done exclude each other"};
  if (given("discard-newer") && !given("back"))
    return Error{Errc::invalid, "--discard-newer goes with --back"};
  std::filesystem::path data = data_dir(map);
  if (given("dry-run")) return look(data);
  ASSAY_CHECK(become_owner_of(data));
  if (given("back")) return back(data, given("discard-newer"));
  if (!given("done")) return forward(data);
  ASSAY_TRY(bool closed, close_way_back(data));
  std::cout << (closed ? "the checkpoint of the last migration is gone\n"
                       : "there was no checkpoint of a migration\n");
  return Status();
}

}  // namespace

int migrate_verb(int argc, char** argv) {
  po::options_description own("Options");
  auto add = own.add_options();
  add("dry-run", po::bool_switch(), "say what would be done, counting; works beside a running scheduler");
  add("back", po::bool_switch(), "put the store back as it was before the last migration");
  add("discard-newer", po::bool_switch(), "with --back: scans that have ended since may be lost");
  add("done", po::bool_switch(), "give the way back up: remove its checkpoint");
  const Verb verb = {
      "assay-scheduler migrate",
      "assay-scheduler migrate [--dry-run | --back [--discard-newer] | --done] [--data STORE]\n"
      "Brings the store to the format of this release, with a checkpoint beside it first. Stop the scheduler "
      "before.\n\n",
      kNoWords, run};
  return verb_main(verb, argc, argv, own);
}

}  // namespace assay
