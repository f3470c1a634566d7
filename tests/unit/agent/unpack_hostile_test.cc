// Hostile and damaged layers: nothing is written outside, nothing is left, and the error says why.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <algorithm>
#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "agent/pull_staging.h"
#include "tests/unit/agent/unpack_fixture.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using test::TarEntry;

class UnpackHostile : public UnpackTest {};

TEST_F(UnpackHostile, DevicesBecomeEmptyFilesThatNobodyMayOpen) {
  auto root = unpack(
      test::tar({{.name = "sda", .type = '4', .mode = 0666}, {.name = "null", .type = '3', .mode = 0666}}));
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(render(*root), "null 0000 0:0 f 0\nsda 0000 0:0 f 0\n");
}

TEST_F(UnpackHostile, OnlyHarmlessExtendedAttributesAreKept) {
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

TEST_F(UnpackHostile, DotDotIsRefused) {
  EXPECT_EQ(refusal(test::tar({{.name = "../../escape", .content = "x"}})),
            "invalid: entry '../../escape': its name has '..' in it, which could lead out of the image");
  EXPECT_EQ(refusal(test::tar({{.name = "a/../../b", .content = "x"}})),
            "invalid: entry 'a/../../b': its name has '..' in it, which could lead out of the image");
  EXPECT_EQ(refusal(test::tar({{.name = ".wh...", .content = "x"}})),
            "invalid: entry '.wh...': it is a whiteout of nothing");
}

TEST_F(UnpackHostile, NothingIsWrittenThroughASymbolicLink) {
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

TEST_F(UnpackHostile, HardLinksReachOnlyFilesOfTheLayer) {
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

TEST_F(UnpackHostile, AbsurdSizesAreLimits) {
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

TEST_F(UnpackHostile, DecompressionBombBehindTheTarIsCutOff) {
  UnpackLimits limits{.layer_bytes = 1 << 20, .layer_entries = 100};
  std::string bomb = test::tar({{.name = "small", .content = "s"}});
  bomb.resize(80 << 20);
  EXPECT_EQ(refusal(bomb, limits), "limit: it decompresses to more than a layer may hold");
}

TEST_F(UnpackHostile, OverlongAndOverdeepNamesAreRefused) {
  EXPECT_EQ(refusal(test::tar({{.name = std::string(300, 'n')}})).substr(0, 20), "invalid: entry 'nnnn");
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "d/";
  EXPECT_NE(refusal(test::tar({{.name = deep + "f"}})).find("deeper than 256 directories"),
            std::string::npos);
  EXPECT_NE(refusal(test::tar({{.name = std::string(5000, '/') + "f"}})).find("longer than 4000 bytes"),
            std::string::npos);
}

TEST_F(UnpackHostile, OwnersOutOfRangeAreRefused) {
  EXPECT_EQ(refusal(test::tar({{.name = "f", .uid = 0xffffffffull}})),
            "invalid: entry 'f': its owner is out of range");
}

TEST_F(UnpackHostile, NulInAPaxNameCutsItShortAndNoMore) {
  auto root = unpack(
      test::tar({{.name = "f", .content = "x", .pax = {{"path", std::string("good\0/../../evil", 16)}}}}));
  if (root) {
    EXPECT_EQ(render(*root), "good 0644 0:0 f 1\n");
  }
  EXPECT_FALSE(fs::exists(dir_.path() / "evil"));
}

TEST_F(UnpackHostile, DamagedBlobIsNamedByItsDigest) {
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

TEST_F(UnpackHostile, DamagedTarInAnIntactBlobIsNamedByItsEntry) {
  std::string tar =
      test::tar({{.name = "ok", .content = "1"}, {.name = "cut", .content = std::string(5000, 'c')}});
  EXPECT_TRUE(refusal(tar.substr(0, 2500)).starts_with("corrupt: entry 'cut': damaged tar: "))
      << refusal(tar.substr(0, 2500));
  tar[1024 + 10] ^= 1;  // the second header's checksum
  EXPECT_TRUE(refusal(tar).starts_with("corrupt: damaged tar after entry 'ok': ")) << refusal(tar);
}

TEST_F(UnpackHostile, WrongDiffIdIsCorrupt) {
  PulledLayer layer = test::layer_file(blobs(), test::tar({{.name = "f"}}));
  layer.diff_id.bytes[0] ^= 1;
  auto done = unpack(layer);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::corrupt);
  EXPECT_NE(done.error().what.find("instead of the diffID"), std::string::npos);
}

// Tars put together at random from the worst of names, types and targets.
TEST_F(UnpackHostile, RandomTarsStayInsideWhateverTheySay) {
  const std::vector<std::string> names = {"a",
                                          "a/b",
                                          "d/",
                                          "d/e",
                                          "d/e/f",
                                          "../x",
                                          "/abs",
                                          "d/../../y",
                                          ".wh.a",
                                          ".wh.d",
                                          "d/.wh..wh..opq",
                                          "./",
                                          "",
                                          ".wh.",
                                          "outside",
                                          std::string(300, 'n'),
                                          "l/outside"};
  std::vector<std::string> links = {"a", "d", "..", "../..", "/", "d/e", "l", "", "a/b", "outside"};
  links.push_back(dir_.path());
  links.push_back(dir_.path() / "outside");
  const std::string types = "0123456750xgLKSA";
  ASSERT_TRUE(write_file(dir_.path() / "outside", "untouched"));
  auto store = LayerStore::open(layers());
  ASSERT_TRUE(store);
  std::string before = list(dir_.path());
  std::mt19937 random(1);
  int taken = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<TarEntry> entries(1 + random() % 8);
    for (TarEntry& e : entries) {
      e.name = names[random() % (round % 2 ? 5 : names.size())];
      e.link = links[random() % links.size()];
      e.type = types[random() % (round % 2 ? 7 : types.size())];
      if (random() % 4 == 0) e.name = "l";
      if (e.type == '0' || e.type > '6') e.content = std::string(random() % 700, 'c');
      if (random() % 20 == 0) e.declared_size = static_cast<int64_t>(random());
    }
    std::string bytes = test::tar(entries);
    if (random() % 10 == 0) bytes[random() % bytes.size()] ^= static_cast<char>(1 + random() % 255);
    if (store->unpack(test::layer_file(blobs(), bytes, ARCHIVE_FILTER_NONE), {})) ++taken;
    struct stat s {};
    ASSERT_EQ(::stat((dir_.path() / "outside").c_str(), &s), 0);
    ASSERT_EQ(s.st_nlink, 1u);
    ASSERT_EQ(s.st_mode & 07777, 0644u);
    ASSERT_EQ(list(dir_.path()), before) << round;
  }
  EXPECT_EQ(content(dir_.path() / "outside"), "untouched");
  EXPECT_GT(taken, 20);  // some of them are fine
  EXPECT_EQ(list(layers() / ".staging"), ".lock ");
}

TEST_F(UnpackHostile, FullAndReadOnlyStoresSaySoAndKeepNothing) {
  fs::create_directory(layers());
  ASSERT_EQ(::mount("tmpfs", layers().c_str(), "tmpfs", 0, "size=1m"), 0);
  std::string noise(4 << 20, '\0');
  std::mt19937 random(1);
  for (char& c : noise) c = static_cast<char>(random());
  EXPECT_EQ(refusal(test::tar({{.name = "big", .content = noise}})),
            "no_space: entry 'big': write its content: No space left on device");
  ASSERT_EQ(::mount(nullptr, layers().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr), 0);
  auto store = LayerStore::open(layers());
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().what.find("Read-only file system"), std::string::npos) << store.error().what;
  ASSERT_EQ(::umount(layers().c_str()), 0);
}

}  // namespace
}  // namespace assay
