// Good layers unpacked: what comes out, once, for everyone who asks, and after a crash.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <thread>

#include "agent/pull_staging.h"
#include "tests/unit/agent/unpack_fixture.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using test::TarEntry;

class Unpack : public UnpackTest {};

TEST_F(Unpack, FilesKeepModeOwnerTimeAndContent) {
  auto root = unpack(test::tar({{.name = "./", .type = '5', .mode = 0750, .mtime = 5},
                                {.name = "etc/", .type = '5', .mode = 0755, .mtime = 77},
                                {.name = "etc/shadow", .content = "secret", .mode = 0640, .gid = 42},
                                {.name = "bin/su", .content = "ELF", .mode = 06755},
                                {.name = "tmp", .type = '5', .mode = 01777},
                                {.name = "lib", .type = '2', .link = "usr/lib", .mode = 0777, .uid = 7},
                                {.name = "run/pipe", .type = '6', .mode = 0600},
                                {.name = "bin/sudo", .type = '1', .link = "bin/su"}}));
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(render(*root),
            "bin 0755 0:0 d -\nbin/su 6755 0:0 f 3\nbin/sudo 6755 0:0 f 3\netc 0755 0:0 d -\netc/shadow 0640 "
            "0:42 f 6\n"
            "lib 0777 7:0 l usr/lib\nrun 0755 0:0 d -\nrun/pipe 0600 0:0 p -\ntmp 1777 0:0 d -\n");
  EXPECT_EQ(content(*root / "etc/shadow"), "secret");
  struct stat s {};
  ::stat((*root / "etc").c_str(), &s);
  EXPECT_EQ(s.st_mtim.tv_sec, 77);  // though a file was made in it later
  ::stat(root->c_str(), &s);
  EXPECT_EQ(s.st_mode & 07777, 0750u);
  EXPECT_EQ(s.st_mtim.tv_sec, 5);
  struct stat a {
  }, b{};
  ::stat((*root / "bin/su").c_str(), &a);
  ::stat((*root / "bin/sudo").c_str(), &b);
  EXPECT_EQ(a.st_ino, b.st_ino);
}

TEST_F(Unpack, StoreIsClosedToOtherUsers) {
  ASSERT_TRUE(unpack(test::tar({{.name = "su", .mode = 04755}})));
  struct stat s {};
  ::stat(layers().c_str(), &s);
  EXPECT_EQ(s.st_mode & 0777, 0700u);
}

TEST_F(Unpack, EveryCompressionGivesTheSameLayer) {
  std::string big(300'000, 'x');
  for (int filter : {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_BZIP2,
                     ARCHIVE_FILTER_XZ}) {
    std::string tar = test::tar({{.name = "f" + std::to_string(filter), .content = big}});
    auto root = unpack(tar, filter);
    ASSERT_TRUE(root) << filter << root.error().what;
    EXPECT_EQ(content(*root / ("f" + std::to_string(filter))), big);
  }
}

TEST_F(Unpack, GzipOfSeveralMembersIsReadToItsEnd) {
  std::string tar =
      test::tar({{.name = "a", .content = std::string(5000, 'a')}, {.name = "b", .content = "b"}});
  std::string blob = test::compress(tar.substr(0, 1000), ARCHIVE_FILTER_GZIP) +
                     test::compress(tar.substr(1000), ARCHIVE_FILTER_GZIP);
  PulledLayer layer = test::layer_file(blobs(), blob, ARCHIVE_FILTER_NONE);
  layer.diff_id = Digest::of(tar);
  auto root = unpack(layer);
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(content(*root / "b"), "b");
}

TEST_F(Unpack, EmptyLayersAreEmptyDirectories) {
  for (const std::string& tar : {std::string(1024, '\0'), std::string(10240, '\0'), std::string()}) {
    auto root = unpack(tar, ARCHIVE_FILTER_NONE);
    ASSERT_TRUE(root) << root.error().what;
    EXPECT_EQ(render(*root), "");
  }
}

TEST_F(Unpack, WhiteoutsBecomeDevicesAndOpaqueDirectoriesAnAttribute) {
  auto root = unpack(test::tar({{.name = "etc/.wh.passwd"},
                                {.name = "srv/", .type = '5'},
                                {.name = "srv/.wh..wh..opq"},
                                {.name = "srv/new", .content = "n"},
                                {.name = ".wh..wh.plnk"}}));
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(render(*root),
            "etc 0755 0:0 d -\netc/passwd 0000 0:0 c -\nsrv 0644 0:0 d -\nsrv/new 0644 0:0 f 1\n");
  struct stat s {};
  ::lstat((*root / "etc/passwd").c_str(), &s);
  EXPECT_EQ(s.st_rdev, makedev(0, 0));
  char value[8] = {};
  EXPECT_EQ(::lgetxattr((*root / "srv").c_str(), "trusted.overlay.opaque", value, sizeof value), 1);
  EXPECT_EQ(value[0], 'y');
}

TEST_F(Unpack, WhiteoutNeverHidesWhatItsOwnLayerBrings) {
  auto root = unpack(test::tar({{.name = ".wh.file"},
                                {.name = "file", .content = "1"},
                                {.name = "dir/", .type = '5', .mode = 0755},
                                {.name = ".wh.dir"},
                                {.name = ".wh.late"},
                                {.name = "late/f", .content = "2"}}));
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(render(*root), "dir 0755 0:0 d -\nfile 0644 0:0 f 1\nlate 0755 0:0 d -\nlate/f 0644 0:0 f 1\n");
  char value[8];
  EXPECT_EQ(::lgetxattr((*root / "dir").c_str(), "trusted.overlay.opaque", value, sizeof value), 1);
  EXPECT_EQ(::lgetxattr((*root / "late").c_str(), "trusted.overlay.opaque", value, sizeof value), 1);
}

TEST_F(Unpack, LaterEntryReplacesEarlierOfAnyType) {
  auto root = unpack(test::tar({{.name = "x", .content = "file"},
                                {.name = "x/", .type = '5', .mode = 0755},
                                {.name = "x/y", .content = "y"},
                                {.name = "x", .type = '2', .link = "nowhere"},
                                {.name = "x", .content = "last"},
                                {.name = "x", .content = "really"}}));
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(render(*root), "x 0644 0:0 f 6\n");
}

TEST_F(Unpack, NamesOfAnyBytesAndLengthsComeOutAsTheyAre) {
  std::string long_name = "d/" + std::string(250, 'n'), utf8 = "caf\xc3\xa9-e\xcc\x81",
              latin = "caf\xe9 \x01\xff";
  auto root = unpack(
      test::tar({{.name = long_name, .content = "1"},
                 {.name = utf8, .content = "2"},
                 {.name = latin, .content = "3"},
                 {.name = "pax", .content = "4", .pax = {{"path", "p-" + utf8}}},
                 {.name = "bin", .content = "5", .pax = {{"hdrcharset", "BINARY"}, {"path", "p-" + latin}}},
                 {.name = "\x1f\x8b-looks-like-gzip", .content = "6"}}),
      ARCHIVE_FILTER_NONE);
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(content(*root / long_name), "1");
  EXPECT_EQ(content(*root / utf8), "2");
  EXPECT_EQ(content(*root / latin), "3");
  EXPECT_EQ(content(*root / ("p-" + utf8)), "4");
  EXPECT_EQ(content(*root / ("p-" + latin)), "5");
  EXPECT_EQ(content(*root / "\x1f\x8b-looks-like-gzip"), "6");
}

TEST_F(Unpack, LeadingSlashIsTheImagesRoot) {
  auto root = unpack(test::tar({{.name = "/abs/file", .content = "in"}}));
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(content(*root / "abs/file"), "in");
}

TEST_F(Unpack, SparseFilesOfSaneSizeKeepTheirHoles) {
  std::string map = "2\n0\n1\n1048576\n2\n";
  map.resize(512);
  TarEntry sparse{.name = "GNUSparseFile.0/hole", .content = map + "xyz"};
  sparse.pax = {{"GNU.sparse.major", "1"},
                {"GNU.sparse.minor", "0"},
                {"GNU.sparse.name", "hole"},
                {"GNU.sparse.realsize", "2097152"}};
  auto root = unpack(test::tar({sparse}));
  ASSERT_TRUE(root) << root.error().what;
  auto bytes = read_file(*root / "hole", 4 << 20);
  ASSERT_TRUE(bytes);
  ASSERT_EQ(bytes->size(), 2097152u);
  EXPECT_EQ(bytes->substr(0, 2), std::string("x\0", 2));
  EXPECT_EQ(bytes->substr(1048576, 3), std::string("yz\0", 3));
}

TEST_F(Unpack, KnownLayerIsNotUnpackedAgain) {
  PulledLayer layer = test::layer_file(blobs(), test::tar({{.name = "f", .content = "1"}}));
  auto first = unpack(layer);
  ASSERT_TRUE(first);
  fs::remove(layer.path);
  auto second = unpack(layer);
  ASSERT_TRUE(second) << second.error().what;
  EXPECT_EQ(*first, *second);
}

TEST_F(Unpack, CancelledUnpackLeavesNothing) {
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  Fd read_end(fds[0]), write_end(fds[1]);
  write_end.reset();  // end of file makes it readable
  auto store = LayerStore::open(layers());
  ASSERT_TRUE(store);
  auto done = store->unpack(test::layer_file(blobs(), test::tar({{.name = "f", .content = "1"}})), {},
                            read_end.get());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::cancelled);
  EXPECT_EQ(list(layers() / ".staging"), ".lock ");
}

TEST_F(Unpack, TwoAtOnceOfOneLayerBothGetIt) {
  std::vector<TarEntry> entries;
  for (int i = 0; i < 500; ++i)
    entries.push_back({.name = "d/f" + std::to_string(i), .content = std::string(1000, 'x')});
  PulledLayer layer = test::layer_file(blobs(), test::tar(entries));
  std::vector<std::string> said(4);
  std::vector<std::thread> threads;
  for (auto& line : said)
    threads.emplace_back([&] {
      auto store = LayerStore::open(layers());
      auto done = store ? store->unpack(layer, {}) : Result<fs::path>(store.error());
      line = done ? done->filename().string() : done.error().what;
    });
  for (auto& thread : threads) thread.join();
  for (const auto& line : said) EXPECT_EQ(line, layer.diff_id.hex());
  EXPECT_EQ(
      std::distance(fs::directory_iterator(layers() / layer.diff_id.hex() / "d"), fs::directory_iterator()),
      500);
}

TEST_F(Unpack, StagingOfAKilledAgentIsSwept) {
  ASSERT_TRUE(LayerStore::open(layers()));
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  pid_t child = ::fork();
  if (child == 0) {
    auto staging = Staging::create(layers() / ".staging");
    bool ok = staging && write_file(staging->path() / "half", "x");
    [[maybe_unused]] ssize_t n = ::write(fds[1], ok ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  ASSERT_EQ(::read(fds[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  auto entries = [&] {
    return std::distance(fs::directory_iterator(layers() / ".staging"), fs::directory_iterator());
  };
  ASSERT_TRUE(LayerStore::open(layers()));
  EXPECT_EQ(entries(), 2);  // the living one's stays
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(LayerStore::open(layers()));
  EXPECT_EQ(entries(), 1);
  ::close(fds[0]);
  ::close(fds[1]);
}

TEST_F(Unpack, LayerOfAnEarlierBootThatNeverReachedTheDiskIsUnpackedAnew) {
  PulledLayer layer = test::layer_file(blobs(), test::tar({{.name = "f", .content = "1"}}));
  auto root = unpack(layer);
  ASSERT_TRUE(root);
  ASSERT_TRUE(write_file(layers() / ".unsynced" / layer.diff_id.hex(), "another boot"));
  ASSERT_TRUE(write_file(*root / "f", "garbage"));
  root = unpack(layer);
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(content(*root / "f"), "1");
  ASSERT_TRUE(LayerStore::open(layers()));
  EXPECT_EQ(list(layers() / ".unsynced"), "");
  EXPECT_TRUE(fs::exists(*root / "f"));
}

}  // namespace
}  // namespace assay
