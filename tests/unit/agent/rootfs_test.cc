// Overlay stacks mounted for real: what the guest would see, what its changes leave in upper, and that
// nothing stays mounted.
#include "agent/rootfs.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <optional>

#include "agent/unpack.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class RootfsTest : public testing::Test {
 protected:
  void SetUp() override { ASSAY_NEED_ROOT(); }
  fs::path layer(const std::string& tar) {
    fs::create_directories(dir_.path() / "blobs");
    auto store = LayerStore::open(dir_.path() / "layers");
    EXPECT_TRUE(store);
    auto path = store->unpack(test::layer_file(dir_.path() / "blobs", tar), {});
    EXPECT_TRUE(path) << path.error().what;
    return *path;
  }
  Result<Rootfs> mount(const std::vector<fs::path>& layers, RootfsLimits limits = {},
                       const std::vector<std::string>& stubs = {}) {
    return Rootfs::mount(layers, dir_.path() / "scan", limits, stubs);
  }
  size_t mounts_below() const {
    std::string table = *read_file("/proc/self/mountinfo", 16 << 20);
    size_t count = 0;
    for (size_t at = 0; (at = table.find(dir_.path().string(), at)) != std::string::npos; ++at) ++count;
    return count;
  }
  static std::string content(const fs::path& path) {
    auto bytes = read_file(path, 1 << 20);
    return bytes ? *bytes : to_string(bytes.error().code);
  }

  test::TempDir dir_;
};

TEST_F(RootfsTest, UpperLayersHideAndDeleteWhatLowerOnesBring) {
  std::vector<fs::path> layers = {layer(test::tar({{.name = "a", .content = "1"},
                                                   {.name = "b", .content = "1"},
                                                   {.name = "d/", .type = '5', .mode = 0755},
                                                   {.name = "d/old", .content = "1"}})),
                                  layer(test::tar({{.name = "a", .content = "2"},
                                                   {.name = ".wh.b"},
                                                   {.name = "d/", .type = '5', .mode = 0755},
                                                   {.name = "d/.wh..wh..opq"},
                                                   {.name = "d/new", .content = "2"}}))};
  auto root = mount(layers);
  ASSERT_TRUE(root) << root.error().what;
  for (const fs::path& view : {root->merged(), root->image()}) {
    EXPECT_EQ(content(view / "a"), "2");
    EXPECT_EQ(content(view / "b"), "not_found");
    EXPECT_EQ(content(view / "d/old"), "not_found");
    EXPECT_EQ(content(view / "d/new"), "2");
  }
}

TEST_F(RootfsTest, GuestChangesShowInUpperAndNeverInTheImage) {
  auto root = mount({layer(test::tar({{.name = "etc/passwd", .content = "root"},
                                      {.name = "etc/gone", .content = "x"},
                                      {.name = "dir/f", .content = "1"}}))});
  ASSERT_TRUE(root) << root.error().what;
  ASSERT_TRUE(write_file(root->merged() / "etc/passwd", "evil"));
  ASSERT_TRUE(write_file(root->merged() / "new", "n", 0755));
  fs::remove(root->merged() / "etc/gone");
  fs::remove_all(root->merged() / "dir");
  fs::create_directory(root->merged() / "dir");
  EXPECT_EQ(content(root->image() / "etc/passwd"), "root");
  EXPECT_EQ(content(root->image() / "etc/gone"), "x");
  EXPECT_EQ(content(root->upper() / "etc/passwd"), "evil");
  EXPECT_EQ(content(root->upper() / "new"), "n");
  struct stat s {};
  ASSERT_EQ(::lstat((root->upper() / "etc/gone").c_str(), &s), 0);
  EXPECT_TRUE(S_ISCHR(s.st_mode) && s.st_rdev == makedev(0, 0));
  char value[8] = {};
  EXPECT_EQ(::lgetxattr((root->upper() / "dir").c_str(), "trusted.overlay.opaque", value, sizeof value), 1);
  EXPECT_FALSE(write_file(root->image() / "x", "x"));
}

TEST_F(RootfsTest, UpperStopsAtItsCap) {
  auto root = mount({}, {.upper_bytes = 1 << 20, .upper_inodes = 50});
  ASSERT_TRUE(root) << root.error().what;
  Status written = write_file(root->merged() / "big", std::string(4 << 20, 'x'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Errc::no_space);
  fs::remove(root->merged() / "big");
  int made = 0;
  while (made < 500 && write_file(root->merged() / std::to_string(made), "")) ++made;
  EXPECT_GE(made, 40);
  EXPECT_LT(made, 200);
}

TEST_F(RootfsTest, HundredsOfLayersMount) {
  std::vector<fs::path> layers;
  for (int i = 0; i < 130; ++i) {
    std::string n = std::to_string(i);
    layers.push_back(layer(test::tar({{.name = "f" + n, .content = n}, {.name = "last", .content = n}})));
  }
  for (size_t count : {1ul, 2ul, 100ul, 130ul}) {
    auto root = mount({layers.begin(), layers.begin() + static_cast<long>(count)});
    ASSERT_TRUE(root) << count << root.error().what;
    for (const fs::path& view : {root->merged(), root->image()}) {
      EXPECT_EQ(content(view / "last"), std::to_string(count - 1));
      EXPECT_EQ(content(view / "f0"), "0");
    }
  }
  std::vector<fs::path> most;
  for (int i = 0; i < 498; ++i) {
    most.push_back(dir_.path() / "plain" / std::to_string(i));
    fs::create_directories(most.back());
    ASSERT_TRUE(write_file(most.back() / "last", std::to_string(i)));
  }
  {
    auto root = mount(most);
    ASSERT_TRUE(root) << root.error().what;
    EXPECT_EQ(content(root->merged() / "last"), "497");
    EXPECT_EQ(content(root->image() / "last"), "497");
  }
  most.push_back(layers[0]);
  auto root = mount(most);
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, Errc::unsupported);
  EXPECT_EQ(mounts_below(), 0u);
}

TEST_F(RootfsTest, RepeatedLayersCountOnceAtTheirTopmostPlace) {
  fs::path a = layer(test::tar({{.name = "f", .content = "a"}})),
           b = layer(test::tar({{.name = "f", .content = "b"}, {.name = "g", .content = "b"}}));
  auto root = mount({a, b, a});
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(content(root->merged() / "f"), "a");
  EXPECT_EQ(content(root->image() / "g"), "b");
}

TEST_F(RootfsTest, ImageWithoutLayersIsAnEmptyRoot) {
  auto root = mount({});
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_TRUE(fs::is_empty(root->merged()));
  EXPECT_TRUE(fs::is_empty(root->image()));
  EXPECT_TRUE(write_file(root->merged() / "x", "x"));
}

TEST_F(RootfsTest, RootDirectoryHasTheTopLayersModeAndOwner) {
  auto root = mount(
      {layer(test::tar({{.name = "./", .type = '5', .mode = 0751, .uid = 3, .gid = 4}, {.name = "f"}}))});
  ASSERT_TRUE(root) << root.error().what;
  struct stat s {};
  ASSERT_EQ(::stat(root->merged().c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0751u);
  EXPECT_EQ(s.st_uid, 3u);
  EXPECT_EQ(s.st_gid, 4u);
}

TEST_F(RootfsTest, StubsAreThereForTheGuestButNeitherInUpperNorInTheImage) {
  auto root = mount({layer(test::tar({{.name = "etc/hosts", .content = "own"}}))}, {},
                    {"/proc/", "/etc/hosts", "/etc/resolv.conf", "/srv/app/", "/../up/"});
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(content(root->merged() / "etc/hosts"), "own");
  EXPECT_EQ(content(root->merged() / "etc/resolv.conf"), "");
  EXPECT_TRUE(fs::is_directory(root->merged() / "proc"));
  EXPECT_TRUE(fs::is_directory(root->merged() / "srv/app"));
  EXPECT_TRUE(fs::is_empty(root->upper()));
  EXPECT_FALSE(fs::exists(root->image() / "proc"));
}

TEST_F(RootfsTest, EverythingIsUnmountedEvenWhileItIsInUse) {
  Fd busy;
  {
    auto root = mount({layer(test::tar({{.name = "f", .content = "1"}}))});
    ASSERT_TRUE(root) << root.error().what;
    EXPECT_EQ(mounts_below(), 3u);
    Rootfs moved = std::move(*root);
    EXPECT_EQ(mounts_below(), 3u);
    auto fd = open_file(moved.merged() / "f", O_RDONLY);
    ASSERT_TRUE(fd);
    busy = std::move(*fd);
  }
  EXPECT_EQ(mounts_below(), 0u);
  EXPECT_TRUE(fs::is_empty(dir_.path() / "scan"));
}

TEST_F(RootfsTest, FailedMountLeavesNothing) {
  auto root = mount({dir_.path() / "no such layer"});
  ASSERT_FALSE(root);
  EXPECT_EQ(root.error().code, Errc::not_found);
  EXPECT_EQ(mounts_below(), 0u);
  EXPECT_TRUE(fs::is_empty(dir_.path() / "scan"));
}

TEST_F(RootfsTest, PathsWithColonsAndCommasAreNoTrouble) {
  fs::path odd = dir_.path() / "a:b,c=d\\e";
  fs::create_directory(odd);
  ASSERT_TRUE(write_file(odd / "f", "odd"));
  auto root = mount({odd});
  ASSERT_TRUE(root) << root.error().what;
  EXPECT_EQ(content(root->merged() / "f"), "odd");
}

}  // namespace
}  // namespace assay
