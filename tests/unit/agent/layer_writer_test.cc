// What a writer leaves in its layer, on made-up image roots, hostile ones included.
#include "agent/stage/layer_writer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/rootfs.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class LayerWriterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEED_ROOT();
    fs::create_directories(image());
    fs::create_directories(layer());
    auto opened = LayerWriter::open(image(), layer());
    ASSERT_TRUE(opened) << opened.error().what;
    writer_.emplace(std::move(*opened));
  }
  fs::path image() const { return dir_.path() / "image"; }
  fs::path layer() const { return dir_.path() / "layer"; }
  void dir(const std::string& path, unsigned mode, unsigned uid, time_t mtime) {
    fs::create_directories(image() / path);
    ASSERT_EQ(::chmod((image() / path).c_str(), mode), 0);
    ASSERT_EQ(::chown((image() / path).c_str(), uid, uid), 0);
    const timespec times[2] = {{mtime, 5}, {mtime, 5}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (image() / path).c_str(), times, 0), 0);
  }
  void file(const std::string& path, const std::string& content) {
    fs::create_directories((image() / path).parent_path());
    ASSERT_TRUE(write_file(image() / path, content));
  }
  void link(const std::string& path, const std::string& target) {
    fs::create_directories((image() / path).parent_path());
    fs::create_symlink(target, image() / path);
  }
  std::string put(const std::string& path, const std::string& content = "x",
                  LayerWriter::Existing existing = LayerWriter::Existing::keep) {
    Status done = writer_->put(path, content, {0600, 7, 8}, existing);
    return done ? "" : to_string(done.error().code);
  }
  // Everything in a tree, one a line: mode, owner, seconds of mtime where `times`, path, content.
  static std::string show(const fs::path& root, bool times = false) {
    std::vector<std::string> lines;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      struct stat s {};
      ::lstat(entry.path().c_str(), &s);
      char head[64];
      std::snprintf(head, sizeof head, "%o %u:%u ", s.st_mode & 07777u, s.st_uid, s.st_gid);
      std::string line = entry.path().lexically_relative(root).string() + " " + head;
      if (times) line += std::to_string(s.st_mtim.tv_sec) + " ";
      line += S_ISREG(s.st_mode) ? *read_file(entry.path(), 1 << 20) : "/";
      lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    std::string out;
    for (const std::string& line : lines) out += line + "\n";
    return out;
  }

  test::TempDir dir_;
  std::optional<LayerWriter> writer_;
};

TEST_F(LayerWriterTest, DirectoriesKeepTheImagesOwnerModeAndTime) {
  dir("home/app", 02750, 33, 1'000'000'100);
  dir("home", 01777, 4, 1'000'000'000);
  EXPECT_EQ(put("/home/app/.aws/credentials", "id"), "");
  EXPECT_EQ(put("/home/app/.aws/config", "cf"), "");
  EXPECT_EQ(show(layer(), true),
            "home 1777 4:4 1000000000 /\n"
            "home/app 2750 33:33 1000000100 /\n"
            "home/app/.aws 700 7:8 1000000100 /\n"
            "home/app/.aws/config 600 7:8 1000000100 cf\n"
            "home/app/.aws/credentials 600 7:8 1000000100 id\n");
}

TEST_F(LayerWriterTest, GuestSeesTheImagesDirectoriesAsTheyWere) {
  dir("var/lib/app", 0711, 12, 1'000'000'000);
  file("var/lib/app/own", "1");
  dir("tmp", 01777, 0, 1'000'000'050);
  dir("var/lib/app", 0711, 12, 1'000'000'000);
  auto top = [&](const fs::path& root) -> Result<fs::path> {
    ASSAY_TRY(LayerWriter writer, LayerWriter::open(root, layer()));
    ASSAY_CHECK(writer.put("/var/lib/app/token", "t", {0640, 12, 13}));
    ASSAY_CHECK(writer.put("/tmp/token", "t", {}));
    return layer();
  };
  auto rootfs = Rootfs::mount({image()}, dir_.path() / "scan", {}, {}, top);
  ASSERT_TRUE(rootfs) << rootfs.error().what;
  fs::path merged = rootfs->merged();
  struct stat s {};
  ASSERT_EQ(::stat((merged / "var/lib/app").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 0711u);
  EXPECT_EQ(s.st_uid, 12u);
  EXPECT_EQ(s.st_mtim.tv_sec, 1'000'000'000);
  ASSERT_EQ(::stat((merged / "tmp").c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 07777, 01777u);
  EXPECT_EQ(s.st_mtim.tv_sec, 1'000'000'050);
  EXPECT_EQ(*read_file(merged / "var/lib/app/own", 9), "1");
  EXPECT_EQ(*read_file(merged / "var/lib/app/token", 9), "t");
  EXPECT_FALSE(fs::exists(rootfs->image() / "tmp/token"));
}

TEST_F(LayerWriterTest, LinksOfTheImageLeadToWhereTheyLeadTheGuest) {
  dir("run", 0755, 0, 1'000'000'000);
  dir("srv/data", 0755, 0, 1'000'000'000);
  link("var/run", "/run");
  link("srv/up", "../../../../srv/data");    // beyond the root is the root
  link("etc/cert.pem", "certs/bundle.pem");  // dangling
  EXPECT_EQ(put("/var/run/a"), "");
  EXPECT_EQ(put("srv/up/./b"), "");
  EXPECT_EQ(put("/etc/cert.pem"), "");
  EXPECT_EQ(put("/../../c"), "");
  EXPECT_EQ(show(layer()),
            "c 600 7:8 x\n"
            "etc 755 0:0 /\n"
            "etc/certs 700 7:8 /\n"
            "etc/certs/bundle.pem 600 7:8 x\n"
            "run 755 0:0 /\n"
            "run/a 600 7:8 x\n"
            "srv 755 0:0 /\n"
            "srv/data 755 0:0 /\n"
            "srv/data/b 600 7:8 x\n");
}

TEST_F(LayerWriterTest, WhatExistsStaysUnlessItIsToBeReplaced) {
  file("etc/store.pem", "old");
  link("etc/alias.pem", "store.pem");
  const timespec times[2] = {{1'000'000'077, 0}, {1'000'000'077, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (image() / "etc/store.pem").c_str(), times, 0), 0);
  EXPECT_EQ(put("/etc/store.pem"), "conflict");
  EXPECT_EQ(put("/etc/alias.pem"), "conflict");
  EXPECT_EQ(show(layer()), "");
  EXPECT_EQ(put("/etc/alias.pem", "old and new", LayerWriter::Existing::replace), "");
  EXPECT_EQ(show(layer() / "etc", true), "store.pem 600 7:8 1000000077 old and new\n");
  auto read = writer_->read("/etc/alias.pem", 100);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->content, "old and new");
  EXPECT_EQ(read->owner.mode, 0600u);
  EXPECT_EQ(put("/etc/store.pem"), "conflict");  // of ours, too
  EXPECT_EQ(*read_file(image() / "etc/store.pem", 9), "old");
}

TEST_F(LayerWriterTest, HostileLayoutsAreRefusedAndNothingIsWrittenOutside) {
  file("file", "f");
  link("circle", "circle");
  link("out", "/../../../../../../etc");
  link("magic", "/proc/self/root");
  ASSERT_EQ(::mkfifo((image() / "fifo").c_str(), 0666), 0);
  dir("dir", 0755, 0, 1'000'000'000);
  for (const char* path : {"/file/below", "/circle/x", "/circle", "/dir", "/", "", "/fifo"})
    EXPECT_EQ(put(path, "x", LayerWriter::Existing::replace), "conflict") << path;
  EXPECT_EQ(put("/" + std::string(300, 'n')), "io");
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "/d";
  EXPECT_EQ(put(deep), "conflict");
  EXPECT_FALSE(writer_->read("/fifo", 9));
  EXPECT_EQ(writer_->read("/nowhere", 9).error().code, Errc::not_found);
  EXPECT_EQ(writer_->read("/file", 0).error().code, Errc::limit);
  EXPECT_EQ(put("/out/escaped"), "");
  EXPECT_EQ(put("/magic/escaped"), "");
  EXPECT_FALSE(fs::exists("/etc/escaped"));
  EXPECT_FALSE(fs::exists("/escaped"));
  EXPECT_TRUE(fs::exists(layer() / "etc/escaped"));
}

}  // namespace
}  // namespace assay
