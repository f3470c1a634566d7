// A full disk: said as what it is, nothing half written, and the same call works again once there is room. On
// a small file system of the test's own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "scheduler/store.h"
#include "tests/support.h"

namespace assay {
namespace {

using Path = std::filesystem::path;

// What a step of the child found wrong; it ends there, since its parent cannot see its EXPECTs.
#define SURE(condition)                                                    \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition); \
      std::_Exit(1);                                                       \
    }                                                                      \
  } while (false)

void mount_small_disk(const Path& dir, const char* size) {
  SURE(::mount("tmpfs", dir.c_str(), "tmpfs", 0, size) == 0);
}

void fill(const Path& file) {
  int fd = ::open(file.c_str(), O_CREAT | O_WRONLY, 0600);
  SURE(fd >= 0);
  std::string block(4096, 'f');
  while (::write(fd, block.data(), block.size()) > 0) {
  }
  ::close(fd);
}

std::unique_ptr<Store> open(const Path& dir) {
  auto store = Store::open(dir, Store::Mode::read_write);
  if (!store) std::fprintf(stderr, "%s\n", store.error().what.c_str());
  SURE(store);
  return std::move(*store);
}

std::vector<StoreBatch> group(int n, size_t size) {
  std::string id = std::to_string(1000 + n);
  return {{{{Family::open, id, std::nullopt}},
           {{Family::open, id, "queued"},
            {Family::chunks, id, std::string(size, static_cast<char>('a' + n % 20))}}},
          {{{Family::open, id, "queued"}}, {{Family::open, id, "leased"}}}};
}

bool is_whole(const Store& store, int n, size_t size) {
  std::string id = std::to_string(1000 + n);
  auto open = store.get(Family::open, id), chunk = store.get(Family::chunks, id);
  return open && *open == "leased" && chunk && *chunk == std::string(size, static_cast<char>('a' + n % 20));
}

bool is_absent(const Store& store, int n) {
  return store.get(Family::open, std::to_string(1000 + n)).error().code == Errc::not_found;
}

bool all_ok(const Result<std::vector<Status>>& done) {
  if (!done) std::fprintf(stderr, "not taken: %s\n", done.error().what.c_str());
  if (!done) return false;
  for (const Status& status : *done)
    if (!status) return false;
  return true;
}

bool is_refused(const Result<std::vector<Status>>& done) {
  if (!done) std::fprintf(stderr, "%s: %s\n", to_string(done.error().code), done.error().what.c_str());
  return !done && done.error().code == Errc::no_space;
}

// As kill -9 would end it. How many groups were acknowledged is told to the parent.
[[noreturn]] void end_without_closing(const Path& dir, int count, std::unique_ptr<Store> store) {
  std::ofstream(dir / "count") << count << std::flush;
  (void)store.release();
  std::_Exit(0);
}

constexpr char kNoSpace[] = "no_space: write to .*the disk is full; make room";

// Others fill the disk, and make room again.
void filled_by_others(const Path& dir, size_t size) {
  mount_small_disk(dir, "size=192m");
  Path data = dir / "data", ballast = dir / "ballast";
  auto store = open(data);
  int next = 0;
  for (; next < 5; ++next) SURE(all_ok(store->commit(group(next, size))));
  for (int round = 0; round < 2; ++round) {
    fill(ballast);
    SURE(*store->free_bytes() < 64 * 1024);
    for (int again = 0; again < 3; ++again) SURE(is_refused(store->commit(group(next, size))));
    SURE(is_absent(*store, next));
    for (int n = 0; n < next; ++n) SURE(is_whole(*store, n, size));  // reading goes on

    std::filesystem::remove(ballast);
    SURE(*store->free_bytes() > 64 << 20);
    for (int more = 0; more < 5; ++more, ++next) SURE(all_ok(store->commit(group(next, size))));
  }
  end_without_closing(dir, next, std::move(store));
}

// The store fills the disk itself, up to where it cannot even move to table files what it has in memory.
void filled_by_the_store(const Path& dir, size_t size) {
  mount_small_disk(dir, "size=24m");
  Path data = dir / "data";
  auto store = open(data);
  int next = 0;
  for (const char* more_room : {"size=64m", "size=192m"}) {
    for (; next < 200'000; ++next) {
      auto done = store->commit(group(next, size));
      if (!done && is_refused(done)) break;
      SURE(all_ok(done));
    }
    SURE(next < 200'000);
    for (int n = 0; n < next; ++n) SURE(is_whole(*store, n, size));
    SURE(::mount("tmpfs", dir.c_str(), "tmpfs", MS_REMOUNT, more_room) == 0);
    int first = next;
    for (; next < first + 5; ++next) SURE(all_ok(store->commit(group(next, size))));
  }
  end_without_closing(dir, next, std::move(store));
}

// There is room, but no new file can be made.
void out_of_files(const Path& dir, size_t size) {
  mount_small_disk(dir, "size=256m,nr_inodes=64");
  Path data = dir / "data";
  auto store = open(data);
  int next = 0;
  for (; next < 5; ++next) SURE(all_ok(store->commit(group(next, size))));
  for (int i = 0; std::ofstream(dir / ("ballast" + std::to_string(i))); ++i) {
  }
  for (int again = 0; again < 3; ++again) SURE(is_refused(store->commit(group(next, size))));
  SURE(::mount("tmpfs", dir.c_str(), "tmpfs", MS_REMOUNT, "nr_inodes=400") == 0);
  for (; next < 10; ++next) SURE(all_ok(store->commit(group(next, size))));
  end_without_closing(dir, next, std::move(store));
}

// There is room for the log, but a table file does not fit: it fails in the background.
void table_file_does_not_fit(const Path& dir, size_t size) {
  mount_small_disk(dir, "size=100m");
  Path data = dir / "data", ballast = dir / "ballast";
  auto store = open(data);
  int next = 0;
  SURE(all_ok(store->commit(group(next++, size))));
  fill(ballast);
  uint64_t filled = std::filesystem::file_size(ballast);
  for (; next < 200'000; ++next) {
    std::filesystem::resize_file(ballast, filled - (14 << 20));
    auto done = store->commit(group(next, size));
    if (!done && is_refused(done)) break;
    SURE(all_ok(done));
  }
  SURE(next < 200'000);
  SURE(is_refused(store->commit(group(next, size))));
  for (int n = 0; n < next; ++n) SURE(is_whole(*store, n, size));
  std::filesystem::remove(ballast);
  int first = next;
  for (; next < first + 5; ++next) SURE(all_ok(store->commit(group(next, size))));
  end_without_closing(dir, next, std::move(store));
}

using Scenario = void(const Path& disk, size_t size);

// Runs `scenario` in a process that ends as killed, with a mount namespace and a disk of its own, and checks
// what it left. For a death test, which makes a directory of its own.
[[noreturn]] void run(const Path& dir, Scenario* scenario, size_t size) {
  Path disk = dir / "disk";
  SURE(std::filesystem::create_directory(disk));
  SURE(::unshare(CLONE_NEWNS) == 0);
  SURE(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
  pid_t pid = ::fork();
  if (pid == 0) scenario(disk, size);
  int status = 0;
  SURE(::waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  int count = 0;
  SURE(std::ifstream(disk / "count") >> count);
  auto store = open(disk / "data");
  for (int n = 0; n < count; ++n) SURE(is_whole(*store, n, size));
  SURE(is_absent(*store, count));
  store.reset();
  while (::umount2(disk.c_str(), MNT_DETACH) == 0) {
  }
  std::filesystem::remove_all(dir);
  std::_Exit(0);
}

class StoreDeathTest : public testing::TestWithParam<size_t> {
 protected:
  StoreDeathTest() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};
INSTANTIATE_TEST_SUITE_P(, StoreDeathTest, testing::Values(200, 30'000, 400'000),
                         [](const auto& size) { return "Of" + std::to_string(size.param) + "Bytes"; });

TEST_P(StoreDeathTest, SaysThatTheDiskIsFullAndTakesTheSameGroupOnceThereIsRoom) {
  ASSAY_NEED(::geteuid() == 0, "root for a file system of its own");
  TempDir dir;
  EXPECT_EXIT(run(dir.path(), filled_by_others, GetParam()), testing::ExitedWithCode(0), kNoSpace);
}

TEST_P(StoreDeathTest, GoesOnAfterItFilledTheDiskItself) {
  ASSAY_NEED(::geteuid() == 0, "root for a file system of its own");
  TempDir dir;
  EXPECT_EXIT(run(dir.path(), filled_by_the_store, GetParam()), testing::ExitedWithCode(0), kNoSpace);
}

TEST_P(StoreDeathTest, GoesOnAfterThereWereNoFilesLeft) {
  ASSAY_NEED(::geteuid() == 0, "root for a file system of its own");
  TempDir dir;
  EXPECT_EXIT(run(dir.path(), out_of_files, GetParam()), testing::ExitedWithCode(0), kNoSpace);
}

TEST_P(StoreDeathTest, GoesOnAfterATableFileDidNotFit) {
  ASSAY_NEED(::geteuid() == 0, "root for a file system of its own");
  TempDir dir;
  EXPECT_EXIT(run(dir.path(), table_file_does_not_fit, GetParam()), testing::ExitedWithCode(0), kNoSpace);
}

}  // namespace
}  // namespace assay
