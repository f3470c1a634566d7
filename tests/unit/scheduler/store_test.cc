// The store on its real engine: order, atomicity, what survives, and who may open it. Groups and their
// preconditions are store_group_test's, a full disk is store_disk_test's.
#include "scheduler/store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tests/support.h"

namespace assay {
namespace {

std::string dump(const Store& store, Family family, std::string_view prefix = "", bool reverse = false) {
  std::string out;
  auto status = store.scan(family, prefix, reverse, [&](std::string_view key, std::string_view value) {
    out += std::string(key) + "=" + std::string(value) + " ";
    return true;
  });
  return status ? out : "error: " + status.error().what;
}

std::string outcome(const Result<std::unique_ptr<Store>>& store) {
  return store ? "open" : std::string(to_string(store.error().code)) + ": " + store.error().what;
}

std::unique_ptr<Store> open(const TempDir& dir, Store::Mode mode = Store::Mode::read_write) {
  auto store = Store::open(dir.path(), mode);
  EXPECT_TRUE(store) << store.error().what;
  return std::move(*store);
}

void put(Store& store, Family family, const std::string& key, const std::string& value) {
  auto status = store.write({{family, key, value}});
  ASSERT_TRUE(status) << status.error().what;
}

TEST(Store, KeepsKeysInOrderAndFamiliesApart) {
  TempDir dir;
  auto store = open(dir);
  ASSERT_TRUE(store->write({{Family::scans, "b", "2"},
                            {Family::scans, "a", "1"},
                            {Family::scans, std::string("b\0x", 3), "3"},
                            {Family::digests, "a", "d"}}));
  EXPECT_EQ(dump(*store, Family::scans), "a=1 b=2 " + std::string("b\0x", 3) + "=3 ");
  EXPECT_EQ(dump(*store, Family::digests), "a=d ");
  EXPECT_EQ(dump(*store, Family::chunks), "");
  EXPECT_EQ(*store->get(Family::scans, "b"), "2");
  EXPECT_EQ(store->get(Family::scans, "c").error().code, Errc::not_found);
}

TEST(Store, ScansAPrefixBothWaysAndStopsWhenTold) {
  TempDir dir;
  auto store = open(dir);
  for (std::string key : {"a1", "a2", "a3", "b1", "\xff", "\xff\xff",
                          "\xff\xff"
                          "1",
                          ""})
    put(*store, Family::scans, "k" + key, "");
  for (std::string key : {"\xff", "\xff\xff",
                          "\xff\xff"
                          "1"})
    put(*store, Family::chunks, key, "");
  EXPECT_EQ(dump(*store, Family::scans, "ka"), "ka1= ka2= ka3= ");
  EXPECT_EQ(dump(*store, Family::scans, "ka", true), "ka3= ka2= ka1= ");
  EXPECT_EQ(dump(*store, Family::scans, "kz"), "");
  EXPECT_EQ(dump(*store, Family::scans, "k\xff", true),
            "k\xff\xff"
            "1= k\xff\xff= k\xff= ");
  EXPECT_EQ(dump(*store, Family::chunks, "\xff", true),
            "\xff\xff"
            "1= \xff\xff= \xff= ");
  EXPECT_EQ(dump(*store, Family::chunks, "\xff\xff"),
            "\xff\xff= \xff\xff"
            "1= ");
  std::string first;
  ASSERT_TRUE(store->scan(Family::scans, "ka", true, [&](std::string_view key, std::string_view) {
    first += key;
    return false;
  }));
  EXPECT_EQ(first, "ka3");
}

TEST(Store, ScansFromAKeyOnBothWays) {
  TempDir dir;
  auto store = open(dir);
  for (std::string key : {"a1", "a2", "a3", "b1"}) put(*store, Family::scans, key, "");
  auto from = [&](std::string_view prefix, bool reverse, std::string_view start) {
    std::string out;
    EXPECT_TRUE(store->scan(
        Family::scans, prefix, reverse,
        [&](std::string_view key, std::string_view) { return out += std::string(key) + " ", true; }, start));
    return out;
  };
  EXPECT_EQ(from("a", false, "a2"), "a2 a3 ");
  EXPECT_EQ(from("a", true, "a2"), "a2 a1 ");
  EXPECT_EQ(from("a", false, "a2x"), "a3 ");
  EXPECT_EQ(from("a", true, "a2x"), "a2 a1 ");
  EXPECT_EQ(from("", false, "a3"), "a3 b1 ");
  EXPECT_EQ(from("a", false, "A"), "a1 a2 a3 ") << "before the prefix";
  EXPECT_EQ(from("a", true, "A"), "");
  EXPECT_EQ(from("a", false, "b"), "");
  EXPECT_EQ(from("a", true, "b1"), "a3 a2 a1 ") << "after the prefix";
}

TEST(Store, RemovesARangeAndNothingBesideIt) {
  TempDir dir;
  auto store = open(dir);
  for (std::string key : {"a", "b", "b1", "c", "d"}) {
    put(*store, Family::scans, key, "");
    put(*store, Family::chunks, key, std::string(5000, 'x'));
  }
  ASSERT_TRUE(store->write({{Family::scans, "b", "", true, "d"}, {Family::scans, "c", "new"}}));
  EXPECT_EQ(dump(*store, Family::scans), "a= c=new d= ");
  ASSERT_TRUE(store->write({{Family::scans, "d", "", true, "a"}, {Family::scans, "a", "", true, "a"}}));
  EXPECT_EQ(dump(*store, Family::scans), "a= c=new d= ") << "empty ranges";
  EXPECT_EQ(store->get(Family::chunks, "b")->size(), 5000u);
}

TEST(Store, RemovesAndReplacesInOneBatch) {
  TempDir dir;
  auto store = open(dir);
  put(*store, Family::scans, "a", "1");
  ASSERT_TRUE(
      store->write({{Family::scans, "a", "", true}, {Family::scans, "b", "1"}, {Family::scans, "b", "2"}}));
  EXPECT_EQ(dump(*store, Family::scans), "b=2 ");
}

TEST(Store, HoldsWhatWasWrittenAfterReopening) {
  TempDir dir;
  std::string blob(700'000, '\0');
  for (size_t i = 0; i < blob.size(); ++i) blob[i] = static_cast<char>(i * 2654435761u >> 13);
  {
    auto store = open(dir);
    put(*store, Family::chunks, "small", "s");
    for (int i = 0; i < 60; ++i)
      put(*store, Family::chunks, "c" + std::to_string(100 + i),
          blob + std::to_string(i));  // beyond one memtable
    put(*store, Family::reports, "r", blob);
  }
  auto store = open(dir);
  EXPECT_EQ(*store->get(Family::chunks, "small"), "s");
  EXPECT_EQ(*store->get(Family::reports, "r"), blob);
  int count = 0;
  ASSERT_TRUE(store->scan(Family::chunks, "c", false, [&](std::string_view key, std::string_view value) {
    EXPECT_EQ(value, blob + std::to_string(count)) << key;
    ++count;
    return true;
  }));
  EXPECT_EQ(count, 60);
  bool blob_files = false;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path()))
    blob_files |= entry.path().extension() == ".blob";
  EXPECT_TRUE(blob_files) << "large values belong in blob files";
}

[[noreturn]] void write_and_wait(const std::filesystem::path& dir, int tell_fd) {
  auto store = Store::open(dir, Store::Mode::read_write);
  bool ok = static_cast<bool>(store);
  for (const char* key : {"a", "b"}) {
    if (!ok) break;
    Status written = (*store)->write({{Family::scans, key, "1"}});
    ok = static_cast<bool>(written);
  }
  [[maybe_unused]] ssize_t n = ::write(tell_fd, ok ? "y" : "n", 1);
  for (;;) ::pause();
}

// The child writes, says so, and is killed without warning: what write() returned for is there.
TEST(Store, HoldsWhatAKilledProcessHadWritten) {
  TempDir dir;
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  pid_t pid = ::fork();
  if (pid == 0) write_and_wait(dir.path(), pipe_fds[1]);
  char said = 0;
  ASSERT_EQ(::read(pipe_fds[0], &said, 1), 1);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  ::close(pipe_fds[0]);
  ::close(pipe_fds[1]);
  ASSERT_EQ(said, 'y');
  EXPECT_EQ(dump(*open(dir), Family::scans), "a=1 b=1 ");
}

TEST(Store, RefusesASecondWriterAndNamesTheDirectory) {
  TempDir dir;
  auto store = open(dir);
  std::string refusal = "denied: data directory " + dir.path().string() +
                        " is in use by another assay; stop it or name another with --data";
  EXPECT_EQ(outcome(Store::open(dir.path(), Store::Mode::read_write)), refusal);
}

TEST(Store, RefusesASecondWriterFromAnotherProcess) {
  TempDir dir;
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  pid_t pid = ::fork();
  if (pid == 0) write_and_wait(dir.path(), pipe_fds[1]);
  char said = 0;
  ASSERT_EQ(::read(pipe_fds[0], &said, 1), 1);
  EXPECT_EQ(said, 'y');
  EXPECT_EQ(outcome(Store::open(dir.path(), Store::Mode::read_write)),
            "denied: data directory " + dir.path().string() +
                " is in use by another assay; stop it or name another with --data");
  EXPECT_EQ(outcome(Store::open(dir.path(), Store::Mode::read_only)), "open");
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  ::close(pipe_fds[0]);
  ::close(pipe_fds[1]);
  EXPECT_EQ(outcome(Store::open(dir.path(), Store::Mode::read_write)), "open");
}

TEST(Store, ReadsBesideAWriter) {
  TempDir dir;
  auto writer = open(dir);
  put(*writer, Family::scans, "a", "1");
  put(*writer, Family::chunks, "c", std::string(100'000, 'c'));
  auto reader = open(dir, Store::Mode::read_only);
  EXPECT_EQ(dump(*reader, Family::scans), "a=1 ");
  EXPECT_EQ(reader->get(Family::chunks, "c")->size(), 100'000u);
  put(*writer, Family::scans, "b", "2");
  EXPECT_EQ(dump(*open(dir, Store::Mode::read_only), Family::scans), "a=1 b=2 ");
  EXPECT_EQ(dump(*writer, Family::scans), "a=1 b=2 ");
}

TEST(Store, ReadsWhileAWriterFlushesAndCompacts) {
  TempDir dir;
  auto writer = open(dir);
  std::string blob(500'000, 'b');
  for (int i = 0; i < 120; ++i) {
    put(*writer, Family::chunks, "c" + std::to_string(i % 10), blob + std::to_string(i));
    put(*writer, Family::scans, "s", std::to_string(i));
    if (i % 10 == 9) {
      auto reader = open(dir, Store::Mode::read_only);
      ASSERT_EQ(*reader->get(Family::scans, "s"), std::to_string(i));
      ASSERT_EQ(*reader->get(Family::chunks, "c9"), blob + std::to_string(i));
    }
  }
}

TEST(Store, SaysWhatIsWrongWithTheDirectory) {
  TempDir dir;
  std::string missing = (dir.path() / "missing").string(), file = (dir.path() / "file").string();
  std::ofstream(file) << "x";
  EXPECT_EQ(outcome(Store::open(missing, Store::Mode::read_only)),
            "not_found: no scans in " + missing + " yet: `assay scan REF` makes one");
  EXPECT_FALSE(std::filesystem::exists(missing)) << "reading creates nothing";
  EXPECT_EQ(outcome(Store::open(file, Store::Mode::read_write)),
            "io: create data directory " + file + ": Not a directory");
  EXPECT_EQ(outcome(Store::open(dir.path() / "file/below", Store::Mode::read_write)).substr(0, 4), "io: ");
  EXPECT_EQ(outcome(Store::open(dir.path() / "new/deep", Store::Mode::read_write)), "open");
}

TEST(Store, CallsDamageCorrupt) {
  TempDir dir;
  {
    auto store = open(dir);
    put(*store, Family::scans, "a", "1");
  }
  std::ofstream(dir.path() / "CURRENT") << "no manifest here\n";
  EXPECT_EQ(Store::open(dir.path(), Store::Mode::read_write).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace assay
