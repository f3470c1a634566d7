// Layers unpacked: what comes out of good ones, and that hostile ones stay inside and say why they were
// refused.
#include "agent/unpack.h"

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
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using test::TarEntry;

class Unpack : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEED_ROOT();
    fs::create_directories(blobs());
    outside_before_ = list(dir_.path());
  }
  fs::path blobs() const { return dir_.path() / "blobs"; }
  fs::path layers() const { return dir_.path() / "layers"; }

  Result<fs::path> unpack(const std::string& tar, int filter = ARCHIVE_FILTER_GZIP,
                          UnpackLimits limits = {}) {
    return unpack(test::layer_file(blobs(), tar, filter), limits);
  }
  Result<fs::path> unpack(const PulledLayer& layer, UnpackLimits limits = {}) {
    auto store = LayerStore::open(layers());
    if (!store) return store.error();
    return store->unpack(layer, limits);
  }
  // "code: message" with the layer's name taken off; nothing half-done may be left.
  std::string refusal(const std::string& tar, UnpackLimits limits = {}) {
    PulledLayer layer = test::layer_file(blobs(), tar);
    auto done = unpack(layer, limits);
    if (done) return "taken";
    for (const auto& entry : fs::directory_iterator(layers()))
      EXPECT_EQ(entry.path().filename().string()[0], '.') << entry.path();
    for (const auto& entry : fs::directory_iterator(layers() / ".staging"))
      EXPECT_EQ(entry.path().filename(), ".lock");
    std::string what = done.error().what, prefix = "layer " + layer.blob.digest.str() + ": ";
    EXPECT_TRUE(what.starts_with(prefix)) << what;
    return std::string(to_string(done.error().code)) + ": " +
           what.substr(std::min(prefix.size(), what.size()));
  }
  static std::string list(const fs::path& dir) {
    std::string out;
    for (const auto& entry : fs::directory_iterator(dir)) out += entry.path().filename().string() + " ";
    return out;
  }
  // One line a file: type, mode, owner, size or target, name.
  static std::string render(const fs::path& root) {
    std::vector<std::string> lines;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      struct stat s {};
      ::lstat(entry.path().c_str(), &s);
      char line[512];
      const char* type = S_ISREG(s.st_mode)    ? "f"
                         : S_ISDIR(s.st_mode)  ? "d"
                         : S_ISLNK(s.st_mode)  ? "l"
                         : S_ISFIFO(s.st_mode) ? "p"
                                               : "c";
      std::string tail = S_ISLNK(s.st_mode)   ? fs::read_symlink(entry.path()).string()
                         : S_ISREG(s.st_mode) ? std::to_string(s.st_size)
                                              : "-";
      std::snprintf(line, sizeof line, "%s %04o %u:%u %s %s", entry.path().lexically_relative(root).c_str(),
                    s.st_mode & 07777, s.st_uid, s.st_gid, type, tail.c_str());
      lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    std::string out;
    for (const auto& line : lines) out += line + "\n";
    return out;
  }

  test::TempDir dir_;
  std::string outside_before_;
};

std::string content(const fs::path& path) {
  auto bytes = read_file(path, 1 << 20);
  return bytes ? *bytes : bytes.error().what;
}

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

TEST_F(Unpack, DevicesBecomeEmptyFilesThatNobodyMayOpen) {
  auto root = unpack(
      test::tar({{.name = "sda", .type = '4', .mode = 0666}, {.name = "null", .type = '3', .mode = 0666}}));
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(render(*root), "null 0000 0:0 f 0\nsda 0000 0:0 f 0\n");
}

TEST_F(Unpack, OnlyHarmlessExtendedAttributesAreKept) {
  std::string capability("\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
                         20);
  auto root = unpack(test::tar({{.name = "ping",
                                 .content = "p",
                                 .mode = 0755,
                                 .pax = {{"SCHILY.xattr.security.capability", capability},
                                         {"SCHILY.xattr.user.note", "kept"},
                                         {"SCHILY.xattr.user.overlay.opaque", "y"},
                                         {"SCHILY.xattr.security.selinux", "evil"},
                                         {"SCHILY.xattr.trusted.overlay.redirect", "/etc"}}}}));
  ASSERT_TRUE(root) << root.error().what;
  char names[256];
  ssize_t n = ::listxattr((*root / "ping").c_str(), names, sizeof names);
  ASSERT_GT(n, 0);
  std::set<std::string> kept;
  for (const char* at = names; at < names + n; at += std::strlen(at) + 1) kept.insert(at);
  kept.erase("security.selinux");  // a host with SELinux labels every file
  EXPECT_EQ(kept, (std::set<std::string>{"security.capability", "user.note"}));
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

TEST_F(Unpack, DotDotIsRefused) {
  EXPECT_EQ(refusal(test::tar({{.name = "../../escape", .content = "x"}})),
            "invalid: entry '../../escape': its name has '..' in it, which could lead out of the image");
  EXPECT_EQ(refusal(test::tar({{.name = "a/../../b", .content = "x"}})),
            "invalid: entry 'a/../../b': its name has '..' in it, which could lead out of the image");
  EXPECT_EQ(refusal(test::tar({{.name = ".wh...", .content = "x"}})),
            "invalid: entry '.wh...': it is a whiteout of nothing");
}

TEST_F(Unpack, NothingIsWrittenThroughASymbolicLink) {
  fs::path outside = dir_.path() / "outside";
  fs::create_directory(outside);
  std::vector<std::vector<TarEntry>> attacks = {
      {{.name = "d", .type = '2', .link = outside}, {.name = "d/file", .content = "x"}},
      {{.name = "d/", .type = '5', .mode = 0755},
       {.name = "d", .type = '2', .link = outside},
       {.name = "d/file", .content = "x"}},
      {{.name = "d/e/f", .content = "x"},
       {.name = "d/e", .type = '2', .link = outside},
       {.name = "d/e/sub/file", .content = "x"}},
      {{.name = "d", .type = '2', .link = outside}, {.name = "d/.wh.file"}},
      {{.name = "d", .type = '2', .link = outside}, {.name = "d/.wh..wh..opq"}},
      {{.name = "d", .type = '2', .link = outside}, {.name = "d/l", .type = '2', .link = "x"}},
      {{.name = "d", .type = '2', .link = outside}, {.name = "d/dir/", .type = '5'}},
  };
  for (const auto& attack : attacks) {
    std::string said = refusal(test::tar(attack));
    EXPECT_TRUE(said.starts_with("invalid: entry 'd/")) << said;
    EXPECT_TRUE(said.ends_with("is a symbolic link or a file in this layer")) << said;
  }
  EXPECT_EQ(list(outside), "");
  // A link in the last place is replaced, not followed.
  auto root = unpack(
      test::tar({{.name = "f", .type = '2', .link = outside / "file"}, {.name = "f", .content = "in"}}));
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(list(outside), "");
  EXPECT_EQ(content(*root / "f"), "in");
}

TEST_F(Unpack, HardLinksReachOnlyFilesOfTheLayer) {
  fs::path outside = dir_.path() / "outside";
  ASSERT_TRUE(write_file(outside, "secret"));
  EXPECT_EQ(refusal(test::tar({{.name = "h", .type = '1', .link = outside}})),
            "invalid: entry 'h': hard link to '" + outside.string() + "', which this layer does not have");
  EXPECT_EQ(refusal(test::tar({{.name = "h", .type = '1', .link = "../../../etc/passwd"}})),
            "invalid: entry 'h': hard link to '../../../etc/passwd': its name has '..' in it, which could "
            "lead out of the image");
  EXPECT_EQ(refusal(test::tar({{.name = "d", .type = '2', .link = dir_.path()},
                               {.name = "h", .type = '1', .link = "d/outside"}})),
            "invalid: entry 'h': hard link to 'd/outside', which this layer does not have");
  EXPECT_EQ(refusal(test::tar({{.name = "d/", .type = '5'}, {.name = "h", .type = '1', .link = "d"}})),
            "invalid: entry 'h': hard link to 'd', which is not a file");
  EXPECT_EQ(refusal(test::tar({{.name = ".wh.w"}, {.name = "h", .type = '1', .link = "w"}})),
            "invalid: entry 'h': hard link to 'w', which is not a file");
  struct stat s {};
  ::stat(outside.c_str(), &s);
  EXPECT_EQ(s.st_nlink, 1u);
  auto itself = unpack(test::tar({{.name = "h", .content = "x"}, {.name = "h", .type = '1', .link = "h"}}));
  ASSERT_TRUE(itself) << itself.error().what;
  EXPECT_EQ(content(*itself / "h"), "x");
}

TEST_F(Unpack, AbsurdSizesAreLimits) {
  UnpackLimits limits{.layer_bytes = 1 << 20, .layer_entries = 100};
  std::string said = refusal(test::tar({{.name = "huge", .declared_size = INT64_MAX}}), limits);
  EXPECT_TRUE(said.starts_with("limit: entry 'huge': it declares 9223372036854775807 bytes") ||
              said.starts_with("corrupt: "))
      << said;
  said = refusal(test::tar({{.name = "huge", .declared_size = 1ll << 40}}), limits);
  EXPECT_EQ(said,
            "limit: entry 'huge': it declares 1099511627776 bytes: the layer would exceed its limit of "
            "1048576 bytes");
  // A sparse file: GNU 1.0 in pax, 8 EiB of holes around one byte.
  std::string map = "1\n0\n1\n";
  map.resize(512);
  TarEntry sparse{.name = "GNUSparseFile.0/hole", .content = map + "x"};
  sparse.pax = {{"GNU.sparse.major", "1"},
                {"GNU.sparse.minor", "0"},
                {"GNU.sparse.name", "hole"},
                {"GNU.sparse.realsize", "9223372036854775807"}};
  said = refusal(test::tar({sparse}), limits);
  EXPECT_TRUE(said.starts_with("limit: entry 'hole': it declares 9223372036854775807 bytes")) << said;
  // Many files that are each small enough.
  std::vector<TarEntry> many;
  for (int i = 0; i < 5; ++i)
    many.push_back({.name = "f" + std::to_string(i), .content = std::string(300'000, 'z')});
  EXPECT_TRUE(refusal(test::tar(many), limits).starts_with("limit: entry 'f3': it declares 300000 bytes"));
  many.assign(101, {.name = "same"});
  EXPECT_EQ(refusal(test::tar(many), limits), "limit: entry 'same': the layer has more than 100 entries");
}

TEST_F(Unpack, DecompressionBombBehindTheTarIsCutOff) {
  UnpackLimits limits{.layer_bytes = 1 << 20, .layer_entries = 100};
  std::string bomb = test::tar({{.name = "small", .content = "s"}});
  bomb.resize(80 << 20);
  EXPECT_EQ(refusal(bomb, limits), "limit: it decompresses to more than a layer may hold");
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

TEST_F(Unpack, OverlongAndOverdeepNamesAreRefused) {
  EXPECT_EQ(refusal(test::tar({{.name = std::string(300, 'n')}})).substr(0, 20), "invalid: entry 'nnnn");
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "d/";
  EXPECT_NE(refusal(test::tar({{.name = deep + "f"}})).find("deeper than 256 directories"),
            std::string::npos);
  EXPECT_NE(refusal(test::tar({{.name = std::string(5000, '/') + "f"}})).find("longer than 4000 bytes"),
            std::string::npos);
}

TEST_F(Unpack, OwnersOutOfRangeAreRefused) {
  EXPECT_EQ(refusal(test::tar({{.name = "f", .uid = 0xffffffffull}})),
            "invalid: entry 'f': its owner is out of range");
}

TEST_F(Unpack, NulInAPaxNameCutsItShortAndNoMore) {
  auto root = unpack(
      test::tar({{.name = "f", .content = "x", .pax = {{"path", std::string("good\0/../../evil", 16)}}}}));
  if (root) {
    EXPECT_EQ(render(*root), "good 0644 0:0 f 1\n");
  }
  EXPECT_FALSE(fs::exists(dir_.path() / "evil"));
}

TEST_F(Unpack, DamagedBlobIsNamedByItsDigest) {
  std::string tar = test::tar({{.name = "f", .content = std::string(100'000, 'q')}});
  for (const char* damage : {"cut", "flip", "grow"}) {
    PulledLayer layer = test::layer_file(blobs(), tar);
    auto blob = *read_file(layer.path, 1 << 20);
    if (*damage == 'c') blob.resize(blob.size() / 2);
    if (*damage == 'f') blob[blob.size() / 2] ^= 1;
    if (*damage == 'g') blob += "more";
    ASSERT_TRUE(write_file(layer.path, blob));
    auto done = unpack(layer);
    ASSERT_FALSE(done) << damage;
    EXPECT_EQ(done.error().code, Errc::corrupt);
    EXPECT_NE(done.error().what.find("layer " + layer.blob.digest.str() + ": the blob hashes to sha256:"),
              std::string::npos)
        << done.error().what;
  }
}

TEST_F(Unpack, DamagedTarInAnIntactBlobIsNamedByItsEntry) {
  std::string tar =
      test::tar({{.name = "ok", .content = "1"}, {.name = "cut", .content = std::string(5000, 'c')}});
  EXPECT_TRUE(refusal(tar.substr(0, 2500)).starts_with("corrupt: entry 'cut': damaged tar: "))
      << refusal(tar.substr(0, 2500));
  tar[1024 + 10] ^= 1;  // the second header's checksum
  EXPECT_TRUE(refusal(tar).starts_with("corrupt: damaged tar after entry 'ok': ")) << refusal(tar);
}

TEST_F(Unpack, WrongDiffIdIsCorrupt) {
  PulledLayer layer = test::layer_file(blobs(), test::tar({{.name = "f"}}));
  layer.diff_id.bytes[0] ^= 1;
  auto done = unpack(layer);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::corrupt);
  EXPECT_NE(done.error().what.find("instead of the diffID"), std::string::npos);
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
