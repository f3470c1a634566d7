// Backups of a store: made beside its writer and without one, held against their manifests, put back; what
// was cut short, what is damaged, and what is not ours.
#include "scheduler/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "common/fd.h"
#include "common/ids.h"
#include "scheduler/control.h"
#include "scheduler/store_files.h"
#include "tests/support.h"
#include "tests/unit/scheduler/keep_samples.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using namespace sample;

const auto kNow = std::chrono::system_clock::time_point(std::chrono::seconds(1'796'000'000));

std::string everything(const fs::path& dir) {
  auto store = Store::open(dir, Store::Mode::read_only);
  if (!store) return str(store.error());
  std::string out;
  for (size_t i = 0; i < kFamilies; ++i)
    EXPECT_TRUE(
        (**store).scan(static_cast<Family>(i), "", false, [&](std::string_view key, std::string_view value) {
          out += std::string(to_string(static_cast<Family>(i))) + " " + std::string(key) + "=" +
                 std::string(value) + "\n";
          return true;
        }));
  return out;
}

std::string counted(const StoreCounts& c) {
  return std::to_string(c.scans) + " " + std::to_string(c.open) + " " + std::to_string(c.batches) + " " +
         std::to_string(c.sweeps) + " " + std::to_string(c.logins);
}

class Backup : public testing::Test {
 protected:
  void SetUp() override {
    auto store = open_store();
    ASSERT_TRUE(Keep(*store).upgrade());
    ScanRecord queued = record(kId, ScanState::queued);
    ASSERT_EQ(commit(*store, Keep::submitted(queued, "sealed")), "ok");
    ScanRecord done = record(kOlder, ScanState::done);
    done.same_as.clear();
    ASSERT_EQ(commit(*store, Keep::submitted(record(kOlder, ScanState::queued))), "ok");
    ASSERT_EQ(
        commit(*store, Keep::reported(record(kOlder, ScanState::queued), done, std::string(20'000, 'r'))),
        "ok");
    ASSERT_EQ(commit(*store, Keep::batch({kBatch, "name", "tenant-1", {}, 1, "{}"})), "ok");
    ASSERT_TRUE(store->write({{Family::sweeps, "s/nightly", "{}"}, {Family::sweeps, "r/nightly/1", "{}"}}));
  }
  std::unique_ptr<Store> open_store() {
    auto store = Store::open(data_, Store::Mode::read_write);
    EXPECT_TRUE(store) << store.error().what;
    return std::move(*store);
  }
  BackupDir open_dir() {
    auto dir = BackupDir::open(backups_);
    EXPECT_TRUE(dir) << dir.error().what;
    return std::move(*dir);
  }
  BackupDir::Made make(std::chrono::seconds later = std::chrono::seconds(0)) {
    auto made = open_dir().make(data_, kNow + later);
    EXPECT_TRUE(made) << made.error().what;
    return made ? *made : BackupDir::Made();
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(backups_))
      out.push_back(entry.path().filename().string());
    std::sort(out.begin(), out.end());
    return out;
  }
  // The error, with the temporary directory's name as T.
  std::string error_of(const Error& error) const {
    std::string text = str(error), dir = dir_.path().string();
    for (size_t at; (at = text.find(dir)) != std::string::npos;) text.replace(at, dir.size(), "T");
    return text;
  }
  std::string verified(const fs::path& backup) const {
    auto manifest = verify_backup(backup);
    return manifest ? "good" : error_of(manifest.error());
  }
  std::string restored(const fs::path& backup) const {
    auto manifest = restore_backup(backup, dir_.path() / "new" / "store");
    return manifest ? counted(manifest->counts) : error_of(manifest.error());
  }
  static void edit(const fs::path& file, const std::function<void(std::string&)>& change) {
    auto text = read_file(file.string(), 1 << 20);
    ASSERT_TRUE(text);
    change(*text);
    ASSERT_TRUE(write_file(file.string(), *text));
  }

  TempDir dir_;
  fs::path data_ = dir_.path() / "store", backups_ = dir_.path() / "backups";
};

TEST_F(Backup, RestoredIsTheSameToTheByte) {
  auto made = make();
  EXPECT_EQ(made.path.parent_path(), backups_);
  EXPECT_TRUE(is_scan_id(made.path.filename().string())) << made.path;
  EXPECT_EQ(counted(made.manifest.counts), "2 1 1 1 1");
  EXPECT_EQ(verified(made.path), "good");
  struct stat info {};
  ASSERT_EQ(::stat(made.path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u) << "it holds all reports";
  EXPECT_EQ(restored(made.path), "2 1 1 1 1");
  EXPECT_EQ(everything(dir_.path() / "new" / "store"), everything(data_));
}

TEST_F(Backup, OfAnOpenStoreHasEverythingCommittedBefore) {
  auto store = open_store();
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> committed = 0;
  std::thread writer([&] {
    for (uint32_t i = 0; !stop; ++i) {
      ScanRecord one = record(scan_id_at(1'796'000'000, i), ScanState::queued);
      ASSERT_EQ(commit(*store, Keep::submitted(one)), "ok");
      ++committed;
    }
  });
  {
    auto control = Control::start(*store, data_);
    ASSERT_TRUE(control) << control.error().what;
    while (committed < 50) std::this_thread::yield();
    uint64_t before = committed;
    auto held = HeldCheckpoint::ask(data_);
    ASSERT_TRUE(held) << held.error().what;
    ASSERT_TRUE(*held);
    EXPECT_TRUE((*held)->still_there());
    auto made = open_dir().make((*held)->path(), kNow);
    ASSERT_TRUE(made) << made.error().what;
    EXPECT_GE(made->manifest.counts.open, before + 1);
    EXPECT_LE(made->manifest.counts.open, committed + 1);
    EXPECT_EQ(verified(made->path), "good");
    fs::path checkpoint = (*held)->path();
    EXPECT_TRUE(fs::exists(checkpoint));
    held->reset();
    for (int i = 0; i < 1000 && fs::exists(checkpoint); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(fs::exists(checkpoint)) << "it goes with the connection";
  }
  stop = true;
  writer.join();
  EXPECT_FALSE(fs::exists(data_ / kControlFile));
}

TEST_F(Backup, SchedulerIsToldOfIt) {
  using Time = std::chrono::system_clock::time_point;
  auto store = open_store();
  std::atomic<int64_t> last = 0;
  auto told = [&](Time at) { last = std::chrono::system_clock::to_time_t(at); };
  auto control = Control::start(*store, data_, told);
  ASSERT_TRUE(control) << control.error().what;
  EXPECT_EQ(last, 0) << "there was none";
  auto held = HeldCheckpoint::ask(data_);
  ASSERT_TRUE(held && *held);
  held->reset();
  held = HeldCheckpoint::ask(data_);  // answered once the one before is done with
  ASSERT_TRUE(held && *held);
  EXPECT_EQ(last, 0) << "one that was cut is none";
  (*held)->used_for("/backups/one");
  for (int i = 0; i < 1000 && last == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  int64_t made = last;
  EXPECT_NEAR(static_cast<double>(made), static_cast<double>(::time(nullptr)), 60);
  held->reset();
  { Control ended = std::move(*control); }
  last = 0;
  auto next = Control::start(*store, data_, told);
  ASSERT_TRUE(next) << next.error().what;
  EXPECT_NEAR(static_cast<double>(last), static_cast<double>(made), 2) << "over a restart";
}

TEST_F(Backup, WithoutASchedulerNobodyAnswers) {
  auto held = HeldCheckpoint::ask(data_);
  ASSERT_TRUE(held) << held.error().what;
  EXPECT_FALSE(*held);
  ASSERT_TRUE(
      write_file((data_ / kControlFile).string(), ""));  // no socket; one of a scheduler that was killed
  held = HeldCheckpoint::ask(data_);
  EXPECT_TRUE(held && !*held);
}

TEST_F(Backup, SchedulerThatEndsTakesItsCheckpointAlong) {
  auto store = open_store();
  fs::create_directories(data_ / kCheckpoints / "backup-20261125T031500-1f8a3c9e");
  fs::create_directories(data_ / kCheckpoints / "before-3");
  auto control = Control::start(*store, data_);
  ASSERT_TRUE(control) << control.error().what;
  EXPECT_FALSE(fs::exists(data_ / kCheckpoints / "backup-20261125T031500-1f8a3c9e"))
      << "left by one that was killed";
  EXPECT_TRUE(fs::exists(data_ / kCheckpoints / "before-3"));
  auto held = HeldCheckpoint::ask(data_);
  ASSERT_TRUE(held && *held);
  { Control ended = std::move(*control); }
  EXPECT_FALSE((*held)->still_there());
  EXPECT_FALSE(fs::exists((*held)->path()));
}

TEST_F(Backup, HalfAnOneIsNeverTakenForOne) {
  // A store that cannot be opened: the copy is made, and then it is not kept.
  fs::create_directories(dir_.path() / "broken");
  ASSERT_TRUE(write_file((dir_.path() / "broken" / "CURRENT").string(), "MANIFEST-000009\n"));
  auto made = open_dir().make(dir_.path() / "broken", kNow);
  ASSERT_FALSE(made);
  EXPECT_EQ(names(), std::vector<std::string>());
  // What a kill has left has a dot before its name, is no backup, and goes with the next.
  fs::create_directories(backups_ / ".making-20261125T031500-1f8a3c9e" / "store");
  EXPECT_EQ(verified(backups_ / ".making-20261125T031500-1f8a3c9e"),
            "not_found: T/backups/.making-20261125T031500-1f8a3c9e is no backup: it has no manifest.json");
  auto whole = make();
  EXPECT_EQ(names(), std::vector<std::string>{whole.path.filename().string()});
}

TEST_F(Backup, OneAtATimeIntoADirectory) {
  BackupDir first = open_dir();
  auto second = BackupDir::open(backups_);
  ASSERT_FALSE(second);
  EXPECT_EQ(error_of(second.error()), "busy: another backup into T/backups is under way: wait for it");
}

TEST_F(Backup, NewestOnesAreKept) {
  std::vector<std::string> made;
  for (int i = 0; i < 4; ++i) made.push_back(make(std::chrono::seconds(i)).path.filename().string());
  fs::create_directories(backups_ / "20200101T000000-00000001");  // no manifest: not ours to remove
  fs::create_directories(backups_ / "notes");
  auto gone = open_dir().keep_newest(2);
  ASSERT_TRUE(gone) << gone.error().what;
  EXPECT_EQ(*gone, (std::vector<fs::path>{backups_ / made[0], backups_ / made[1]}));
  EXPECT_EQ(names(), (std::vector<std::string>{"20200101T000000-00000001", made[2], made[3], "notes"}));
}

TEST_F(Backup, DamageIsNamed) {
  auto backup = make().path;
  fs::path store = backup / "store";
  std::string table;
  for (const auto& entry : fs::directory_iterator(store))
    if (entry.path().extension() == ".sst") table = entry.path().filename().string();
  ASSERT_FALSE(table.empty());
  edit(store / table, [](std::string& bytes) { bytes[bytes.size() / 2] ^= 1; });
  EXPECT_EQ(verified(backup).substr(0, verified(backup).find(" has the SHA-256")),
            "corrupt: the backup is damaged: T/backups/" + backup.filename().string() + "/store/" + table);
  EXPECT_EQ(restored(backup).substr(0, 31), "corrupt: the backup is damaged:");
  EXPECT_FALSE(fs::exists(dir_.path() / "new")) << "nothing is begun with a damaged one";
  edit(store / table, [](std::string& bytes) { bytes.pop_back(); });
  EXPECT_NE(verified(backup).find(" bytes, its manifest says "), std::string::npos) << verified(backup);
  fs::remove(store / table);
  EXPECT_NE(verified(backup).find(table + " is missing"), std::string::npos) << verified(backup);
}

TEST_F(Backup, FileThatTheManifestDoesNotNameIsRefused) {
  auto backup = make().path;
  ASSERT_TRUE(write_file((backup / "store" / "999999.sst").string(), "x"));
  EXPECT_EQ(verified(backup), "corrupt: the backup is damaged: T/backups/" + backup.filename().string() +
                                  "/store/999999.sst is not in its manifest");
}

TEST_F(Backup, OfALaterAssayIsRefusedWithWhatToDo) {
  auto backup = make().path;
  std::string number = "\"store_format\": " + std::to_string(kStoreFormat);
  edit(backup / kManifestFile,
       [&](std::string& text) { text.replace(text.find(number), number.size(), "\"store_format\": 77"); });
  EXPECT_EQ(restored(backup), "unsupported: backup T/backups/" + backup.filename().string() +
                                  " holds a store of format 77, this assay (0.1.0) knows up to " +
                                  std::to_string(kStoreFormat) +
                                  ": restore it with assay 0.1.0, which made it, or a later one");
  edit(backup / kManifestFile,
       [&](std::string& text) { text.replace(text.find("backup/1"), 8, "backup/2"); });
  EXPECT_EQ(restored(backup),
            "unsupported: backup T/backups/" + backup.filename().string() +
                ": it has the form assay.backup/2, this assay knows assay.backup/1: restore it with "
                "the assay that made it (0.1.0)");
}

TEST_F(Backup, GoesIntoAnEmptyDirectoryOnly) {
  auto backup = make().path;
  fs::path data = dir_.path() / "new" / "store";
  fs::create_directories(data);
  ASSERT_TRUE(write_file((data / "login.key").string(), std::string(32, 'k')));
  ASSERT_TRUE(write_file((data / "notes").string(), "mine"));
  EXPECT_EQ(restored(backup),
            "conflict: data directory T/new/store is not empty (notes): a backup is restored into an empty "
            "one; move it "
            "away, or name another with --data");
  fs::remove(data / "notes");
  EXPECT_EQ(restored(backup), "2 1 1 1 1");
  EXPECT_EQ(restored(backup).substr(0, 51), "conflict: data directory T/new/store is not empty (");
}

TEST_F(Backup, CutShortInTheMiddleOfARestoreIsNoStoreUntilItIsRunAgain) {
  auto backup = make().path;
  fs::path data = dir_.path() / "new" / "store";
  fs::create_directories(data);
  ASSERT_TRUE(mark_incomplete(data, "a restore into it was cut short; run `assay-scheduler restore` again"));
  fs::copy(backup / "store", data);
  for (auto mode : {Store::Mode::read_only, Store::Mode::read_write}) {
    auto opened = Store::open(data, mode);
    ASSERT_FALSE(opened);
    EXPECT_EQ(error_of(opened.error()),
              "corrupt: T/new/store is no whole store: a restore into it was cut short; run `assay-scheduler "
              "restore` "
              "again");
  }
  EXPECT_EQ(restored(backup), "2 1 1 1 1");
  EXPECT_EQ(everything(data), everything(data_));
}

TEST_F(Backup, WhatSomethingElseHasLeftIncompleteIsNotRemovedByARestore) {
  auto backup = make().path;
  fs::path data = dir_.path() / "new" / "store";
  fs::create_directories(data / "checkpoints");
  ASSERT_TRUE(mark_incomplete(data, "`assay-scheduler migrate --back` was cut short; run it again"));
  EXPECT_EQ(restored(backup).substr(0, 51), "conflict: data directory T/new/store is not empty (");
  EXPECT_TRUE(fs::exists(data / "checkpoints"));
  fs::remove(data / kIncompleteFile);
  fs::create_directories(data / kIncompleteFile);  // somebody's directory of that name
  EXPECT_EQ(restored(backup).substr(0, 51), "conflict: data directory T/new/store is not empty (");
  EXPECT_TRUE(fs::exists(data / "checkpoints"));
}

TEST_F(Backup, StoreOfARunningProgramIsLeftAlone) {
  auto backup = make().path;
  fs::path data = dir_.path() / "new" / "store";
  fs::create_directories(data);
  int ready[2], end[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(end), 0);
  pid_t child = ::fork();
  if (child == 0) {
    ::close(end[1]);
    auto lock = StoreLock::take(data);
    char c = lock ? 'y' : 'n';
    (void)!::write(ready[1], &c, 1);
    (void)!::read(end[0], &c, 1);  // until the parent closes it
    ::_exit(0);
  }
  char c = 0;
  ASSERT_EQ(::read(ready[0], &c, 1), 1);
  EXPECT_EQ(c, 'y');
  EXPECT_EQ(
      restored(backup),
      "denied: data directory T/new/store is in use by another assay; stop it or name another with --data");
  auto opened = Store::open(data, Store::Mode::read_write);
  EXPECT_TRUE(!opened && opened.error().code == Errc::denied) << "RocksDB heeds the same lock";
  for (int fd : {ready[0], ready[1], end[0], end[1]}) ::close(fd);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST(BackupManifest, HostileOnesAreRefused) {
  auto said = [](const std::string& text) {
    auto parsed = parse_backup_manifest(text);
    return parsed ? "taken" : parsed.error().what;
  };
  const std::string head =
      R"({"format":"assay.backup/1","assay":"0.1.0","store_format":2,"made":"x","counts":{"scans":0,"open":0,"batches":0,"sweeps":0,"logins":0},"files":[)";
  auto file = [](const std::string& name) {
    return R"({"name":")" + name + R"(","size":1,"sha256":")" + std::string(64, 'a') + R"("})";
  };
  EXPECT_EQ(said(head + file("000001.sst") + "]}"), "taken");
  EXPECT_EQ(said(head + file("../../etc/passwd") + "]}"),
            "its manifest is damaged: '../../etc/passwd' is no file name");
  EXPECT_EQ(said(head + file("..") + "]}"), "its manifest is damaged: '..' is no file name");
  EXPECT_EQ(said(head + file("a") + "," + file("a") + "]}"), "its manifest is damaged: a is there twice");
  EXPECT_EQ(said(head + R"({"name":"a","size":-1,"sha256":""}]})"),
            "its manifest is damaged: 'size' is no whole number");
  EXPECT_EQ(said(head + "7]}"), "its manifest is damaged: a file is no object");
  EXPECT_EQ(said("[]"), "its manifest is damaged: it is no JSON object");
  EXPECT_EQ(said("{}"), "its manifest is damaged: its 'format' is not assay.backup/1");
}

}  // namespace
}  // namespace assay
