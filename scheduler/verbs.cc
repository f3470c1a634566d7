// Command lines of the verbs. Where the store is they read from the scheduler's own file, unless --data says
// so.
#include "scheduler/verbs.h"

#include <boost/program_options.hpp>
#include <iostream>
#include <string_view>

#include "common/daemon.h"
#include "scheduler/backup.h"
#include "scheduler/control.h"
#include "scheduler/options.h"
#include "scheduler/store_files.h"

namespace assay {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;

constexpr const char* kWord = "directory";

Result<fs::path> only_word(const po::variables_map& map, const std::string& what) {
  auto words = map.count(kWord) ? map[kWord].as<std::vector<std::string>>() : std::vector<std::string>();
  if (words.size() == 1 && !words[0].empty()) return fs::path(words[0]);
  return Error{Errc::invalid,
               words.empty() ? "no " + what + " given (--help tells more)" : "one " + what + ", please"};
}

std::string mebibytes(uint64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

void tell_counts(const StoreCounts& counts) {
  std::cerr << counts.scans << " scans, " << counts.open << " of them not ended, " << counts.batches
            << " batches, " << counts.sweeps << " sweeps\n";
}

// Of the running scheduler's checkpoint, or of a store that nobody has open.
Result<BackupDir::Made> make_backup(const BackupDir& into, const fs::path& data) {
  auto now = std::chrono::system_clock::now();
  ASSAY_TRY(auto held, HeldCheckpoint::ask(data));
  if (!held) {
    ASSAY_TRY([[maybe_unused]] auto files, store_files(data));  // where there is no store no lock is made
    ASSAY_TRY(StoreLock lock, StoreLock::take(data));
    ASSAY_CHECK(check_complete(data));
    return into.make(data, now);
  }
  auto made = into.make(held->path(), now);
  if (!made && !held->still_there())
    return Error{Errc::cancelled,
                 "the scheduler ended before the backup was made: start again (" + made.error().what + ")"};
  if (made) held->used_for(made->path.string());
  return made;
}

Status back_up(const po::variables_map& map) {
  ASSAY_TRY(fs::path dir, only_word(map, "directory for backups"));
  auto keep = map["keep"].as<unsigned>();
  ASSAY_TRY(BackupDir into, BackupDir::open(dir));
  ASSAY_TRY(BackupDir::Made made, make_backup(into, data_dir(map)));
  std::cout << made.path.string() << std::endl;
  std::cerr << mebibytes(made.bytes) << ", " << made.manifest.files.size() << " files: ";
  tell_counts(made.manifest.counts);
  if (made.manifest.counts.logins > 0)
    std::cerr << made.manifest.counts.logins
              << " of the scans that wait came with a login of their own; its key is in "
                 "no backup: restored, these fail and are to be submitted again\n";
  if (keep == 0) return Status();
  ASSAY_TRY(auto gone, into.keep_newest(keep));
  for (const fs::path& path : gone) std::cerr << "removed " << path.string() << "\n";
  return Status();
}

Status restore(const po::variables_map& map) {
  ASSAY_TRY(fs::path backup, only_word(map, "backup"));
  fs::path data = data_dir(map);
  bool only_verify = map["verify"].as<bool>();
  auto manifest = only_verify ? verify_backup(backup) : restore_backup(backup, data);
  if (!manifest) return manifest.error();
  std::cout << (only_verify ? backup : data).string() << std::endl;
  std::cerr << (only_verify ? "good; made " : "restored as of ") << manifest->made << " by assay "
            << manifest->assay << ", store format " << manifest->store_format << ": ";
  tell_counts(manifest->counts);
  return Status();
}

}  // namespace

int backup_verb(int argc, char** argv) {
  po::options_description own("Options");
  own.add_options()("keep", po::value<unsigned>()->default_value(0),
                    "then remove older whole backups until so many are left; 0: none");
  const Verb verb = {
      "assay-scheduler backup",
      "assay-scheduler backup DIR [--keep N] [--data STORE]\n"
      "Copies the store to DIR/<UTC time>-<random> and prints that path; works beside a running scheduler.\n"
      "As root or as the scheduler's user. --data is the scheduler's own, by default as its file says.\n\n",
      kWord, back_up};
  return verb_main(verb, argc, argv, own);
}

int restore_verb(int argc, char** argv) {
  po::options_description own("Options");
  own.add_options()("verify", po::bool_switch(), "only check the backup against its manifest");
  const Verb verb = {
      "assay-scheduler restore",
      "assay-scheduler restore BACKUP [--data STORE]\n"
      "assay-scheduler restore BACKUP --verify\n"
      "Checks every file of a backup, copies it into STORE, which must be empty, opens it and counts what is "
      "there.\n"
      "--data is the scheduler's own, by default as its file says. Stop the scheduler first.\n\n",
      kWord, restore};
  return verb_main(verb, argc, argv, own);
}

std::optional<int> run_verb(int argc, char** argv) {
  if (argc < 2) return std::nullopt;
  std::string_view word = argv[1];
  if (word == "backup") return backup_verb(argc - 1, argv + 1);
  if (word == "restore") return restore_verb(argc - 1, argv + 1);
  if (word == "migrate") return migrate_verb(argc - 1, argv + 1);
  return std::nullopt;
}

}  // namespace assay
