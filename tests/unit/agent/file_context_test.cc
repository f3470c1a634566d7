// Which layer and which package an executed file is from, on a real overlay, with the real inspector.
#include "agent/file_context.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "agent/packages.h"
#include "agent/rootfs.h"
#include "agent/yara_rules.h"
#include "tests/support.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class FileContextTest : public testing::Test {
 protected:
  void SetUp() override { ASSAY_NEED(::geteuid() == 0, "root"); }

  void write(const std::string& layer, const std::string& path, const std::string& text) {
    fs::path file = dir_.path() / layer / path;
    fs::create_directories(file.parent_path());
    ASSERT_TRUE(write_file(file, text, 0755));
  }
  // The layers, base first, as an image.
  void mount(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      layers_.push_back(dir_.path() / name);
      ids_.push_back(Digest::of(name));
    }
    auto mounted = Rootfs::mount(layers_, dir_.path() / "scan", {});
    ASSERT_TRUE(mounted) << mounted.error().what;
    rootfs_.emplace(std::move(*mounted));
    auto program = InspectorProgram::find();
    ASSERT_TRUE(program) << program.error().what;
    program_.emplace(std::move(*program));
    open();
  }
  void open() {
    PackagesOrder order;
    order.image = rootfs_->image();
    order.kept_dir = dir_.path() / "packages";
    order.layers = ids_;
    order.program = &*program_;
    auto context = FileContext::open(rootfs_->image(), layers_, packages_in_background(std::move(order)));
    ASSERT_TRUE(context) << context.error().what;
    context_.emplace(std::move(*context));
  }
  // "layer 2 of curl, changed": of an exec as provenance tells of it.
  std::string look(const std::string& path, std::vector<std::string> argv = {},
                   const std::string& origin = "image") {
    Event event;
    event.kind = EventKind::exec;
    event.path = path;
    event.cwd = "/";
    event.origin = origin;
    event.argv = std::move(argv);
    context_->annotate(event);
    std::string out = "layer " + std::to_string(event.layer);
    if (event.script_layer != 0) out += ", script " + std::to_string(event.script_layer);
    if (!event.package.empty()) out += ", of " + event.package;
    return event.package_state.empty() ? out : out + ", " + event.package_state;
  }

  TempDir dir_;
  std::vector<fs::path> layers_;
  std::vector<Digest> ids_;
  std::optional<Rootfs> rootfs_;
  std::optional<InspectorProgram> program_;
  std::optional<FileContext> context_;
};

// The digests: md5sum of "one\n" and "two\n".
constexpr const char* kOne = "5bbf5a52328e7439ae6e719dfe712200";
constexpr const char* kTwo = "c193497a1a06b2c72230e6146ff47080";

TEST_F(FileContextTest, OwnerLayerAndChangeByALayerAbove) {
  write("base", "usr/bin/one", "one\n");
  write("base", "usr/bin/two", "two\n");
  write("base", "usr/bin/conf", "conf\n");
  write("base", "var/lib/dpkg/info/numbers:amd64.md5sums",
        std::string(kOne) + "  usr/bin/one\n" + kTwo + "  usr/bin/two\n");
  write("base", "var/lib/dpkg/info/numbers:amd64.list",
        "/.\n/usr\n/usr/bin\n/usr/bin/one\n/usr/bin/two\n/usr/bin/conf\n");
  write("app", "srv/run.sh", "#!/bin/sh\n");
  write("evil", "usr/bin/two", "tow\n");
  mount({"base", "app", "evil"});
  EXPECT_EQ(look("/usr/bin/one"), "layer 1, of numbers, unchanged");
  EXPECT_EQ(look("/usr/bin/two"), "layer 3, of numbers, changed");
  EXPECT_EQ(look("/usr/bin/conf"), "layer 1, of numbers, unchecked");
  EXPECT_EQ(look("/srv/run.sh"), "layer 2, none");
  EXPECT_EQ(look("/usr/bin/sh", {"sh", "-e", "/srv/run.sh"}), "layer 0");
  EXPECT_EQ(look("/usr/bin/sh", {"sh", "/srv/run.sh"}), "layer 0, script 2");
  EXPECT_EQ(look("/tmp/x", {}, "dropped"), "layer 0");
  EXPECT_EQ(look("/usr/bin/one", {}, "changed"), "layer 0, of numbers");
  EXPECT_EQ(context_->summary(), "1 packages, 5 files");
}

TEST_F(FileContextTest, PackageNamesFileByADirectoryThatIsALinkNow) {
  write("base", "usr/bin/one", "one\n");
  fs::create_directory_symlink("usr/bin", dir_.path() / "base/bin");
  write("base", "var/lib/dpkg/info/numbers.md5sums", std::string(kOne) + "  bin/one\n");
  mount({"base"});
  EXPECT_EQ(look("/bin/one"), "layer 1, of numbers, unchanged");
  EXPECT_EQ(look("/usr/bin/one"), "layer 1, of numbers, unchanged");
}

TEST_F(FileContextTest, OfApkBySha1) {
  write("base", "bin/busybox", "one\n");
  write("base", "bin/wget", "two\n");
  const std::string one = "Z:Q1xwWbsZQzzDyrqmI2yD1WZoqEPdI=\n";  // SHA-1 of "one\n"
  write("base", "lib/apk/db/installed", "P:busybox\nF:bin\nR:busybox\n" + one + "R:wget\n" + one + "\n");
  mount({"base"});
  EXPECT_EQ(look("/bin/busybox"), "layer 1, of busybox, unchanged");
  EXPECT_EQ(look("/bin/wget"), "layer 1, of busybox, changed");
}

TEST_F(FileContextTest, ImageWithoutDatabaseHasLayersOnly) {
  write("base", "app", "one\n");
  mount({"base"});
  EXPECT_EQ(look("/app"), "layer 1");
}

TEST_F(FileContextTest, IndexIsKeptByTheImagesLayers) {
  write("base", "usr/bin/one", "one\n");
  write("base", "var/lib/dpkg/info/numbers.md5sums", std::string(kOne) + "  usr/bin/one\n");
  mount({"base"});
  EXPECT_EQ(look("/usr/bin/one"), "layer 1, of numbers, unchanged");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_.path() / "packages"), fs::directory_iterator()), 1);
  fs::remove_all(dir_.path() / "base/var");  // were it read again, nobody's
  open();
  EXPECT_EQ(look("/usr/bin/one"), "layer 1, of numbers, unchanged");
}

TEST_F(FileContextTest, LinksOutOfTheImageLeadNowhere) {
  write("base", "x", "");
  fs::create_directories(dir_.path() / "base/var/lib");
  fs::create_directory_symlink("/var/lib/dpkg", dir_.path() / "base/var/lib/dpkg");
  fs::create_symlink("/../../../../../../bin/sh", dir_.path() / "base/sh");
  mount({"base"});
  EXPECT_EQ(look("/sh"), "layer 0");
  EXPECT_EQ(context_->summary(), "");
}

}  // namespace
}  // namespace assay
