// Which files of a scan are inspected, and what is told of them, on a real overlay changed by the test in the
// guest's place, with the real inspector.
#include "agent/contents.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>

#include "agent/harvest.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class ContentsTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEED_ROOT();
    fs::create_directories(layer() / "bin");
    fs::create_directories(layer() / "tmp");
    ASSERT_TRUE(write_file(layer() / "bin/plain", "#!/bin/sh\necho plain\n", 0755));
    ASSERT_TRUE(write_file(layer() / "bin/marked", "#!/bin/sh\necho needle\n", 0755));
    ASSERT_TRUE(write_file(layer() / "bin/script.sh", "echo needle too\n"));
    auto mounted = Rootfs::mount({layer()}, dir_.path() / "scan", {}, {"/etc/hosts"});
    ASSERT_TRUE(mounted) << mounted.error().what;
    rootfs_.emplace(std::move(*mounted));
    fs::create_directories(dir_.path() / "rules");
    ASSERT_TRUE(
        write_file(dir_.path() / "rules/test.yar", "rule needle { strings: $n = \"needle\" condition: $n }"));
    auto rules = YaraRules::compile({(dir_.path() / "rules").string()});
    ASSERT_TRUE(rules) << rules.error().what;
    rules_.emplace(std::move(*rules));
    auto contents = Contents::open(*rootfs_, *rules_, {});
    ASSERT_TRUE(contents) << contents.error().what;
    contents_.emplace(std::move(*contents));
  }
  fs::path layer() const { return dir_.path() / "layer"; }
  fs::path merged(const std::string& path) const { return rootfs_->merged() / path; }

  // An exec as the tracer and provenance tell of it; `kept`: the tracer still got hold of the file.
  Event exec(const std::string& path, const std::string& origin, bool kept = false,
             std::vector<std::string> argv = {}) {
    Event event;
    event.kind = EventKind::exec;
    event.pid = 7;
    event.path = path;
    event.cwd = "/";
    event.origin = origin;
    event.argv = std::move(argv);
    if (auto bytes = read_file(merged(path.substr(1)), 1 << 20)) event.sha256 = Digest::of(*bytes).hex();
    if (kept) {
      Fd fd = std::move(*open_file(merged(path.substr(1)), O_RDONLY));
      contents_->kept().keep(event.sha256, fd.get());
    }
    contents_->note(event);
    return event;
  }
  // "origin call path mime matches", one line an event.
  std::string finish() {
    std::string out;
    auto add = [&](Event event) {
      if (event.kind == EventKind::note) {
        out += event.call + " " + event.data + "\n";
        return;
      }
      out += event.origin + " " + (event.call.empty() ? "left" : event.call) + " " + event.path + " " +
             event.mime;
      for (const std::string& match : event.matches) out += " " + match;
      bool hashed = event.sha256.size() == 64;
      out += hashed ? "\n" : " no hash\n";
    };
    auto count = harvest(rootfs_->upper(), rootfs_->image(), {}, {}, [&](Event event) {
      EXPECT_TRUE(contents_->fill(event));
      if (event.file_type != "dir") add(std::move(event));
    });
    EXPECT_TRUE(count);
    EXPECT_TRUE(contents_->finish([&](Event event, Fd) { add(std::move(event)); }));
    return out;
  }
  std::string account() {
    SourceCount source;
    contents_->account(source);
    return std::to_string(source.lost) + " " + source.detail;
  }

  test::TempDir dir_;
  std::optional<Rootfs> rootfs_;
  std::optional<YaraRules> rules_;
  std::optional<Contents> contents_;
};

TEST_F(ContentsTest, LeftFilesGetTypeAndMatchesLinksAndDirectoriesNothing) {
  ASSERT_TRUE(write_file(merged("tmp/a.php"), "<?php // needle\n"));
  fs::create_symlink("/bin/marked", merged("tmp/link"));
  EXPECT_EQ(finish(), "dropped left /tmp/a.php text/x-php test:needle\ndropped left /tmp/link  no hash\n");
  EXPECT_EQ(account(), "0 ");
}

TEST_F(ContentsTest, OfTheImagesExecutedFilesThoseThatMatchAreTold) {
  exec("/bin/plain", "image");
  exec("/bin/marked", "image");
  exec("/bin/marked", "image");
  EXPECT_EQ(finish(), "image executed /bin/marked text/x-shellscript test:needle\n");
}

TEST_F(ContentsTest, ScriptThatAnInterpreterWasGivenCountsAsExecuted) {
  exec("/bin/sh", "", false, {"sh", "-x", "/bin/script.sh", "argument"});
  exec("/usr/bin/cat", "", false, {"cat", "/bin/marked"});
  exec("/bin/sh", "", false, {"sh", "-c", "/bin/marked"});
  std::string told = finish();
  EXPECT_NE(told.find("image executed /bin/script.sh text/plain test:needle\n"), std::string::npos) << told;
  EXPECT_EQ(told.find("/bin/marked"), std::string::npos) << told;
}

TEST_F(ContentsTest, ExecutedFileThatIsStillThereIsToldOnce) {
  ASSERT_TRUE(write_file(merged("tmp/x"), "#!/bin/sh\n# needle\n", 0755));
  exec("/tmp/x", "dropped", true);
  EXPECT_EQ(finish(), "dropped left /tmp/x text/x-shellscript test:needle\n");
}

TEST_F(ContentsTest, ProgramThatDeletedItselfIsStillInspected) {
  ASSERT_TRUE(write_file(merged("tmp/x"), "#!/bin/sh\n# needle\n", 0755));
  exec("/tmp/x", "dropped", true);
  fs::remove(merged("tmp/x"));
  EXPECT_EQ(finish(), "dropped executed /tmp/x text/x-shellscript test:needle\n");
  EXPECT_EQ(account(), "0 ");
}

TEST_F(ContentsTest, WhatIsGoneOrChangedIsSaidToBe) {
  ASSERT_TRUE(write_file(merged("tmp/gone"), "needle", 0755));
  ASSERT_TRUE(write_file(merged("tmp/other"), "needle", 0755));
  exec("/tmp/gone", "dropped");
  exec("/tmp/other", "dropped");
  fs::remove(merged("tmp/gone"));
  fs::remove(merged("tmp/other"));
  exec("/memfd:body (deleted)", "memfd");
  EXPECT_EQ(finish(),
            "not_inspected /memfd:body: not to be had any more when the run was over\n"
            "not_inspected /tmp/gone: not to be had any more when the run was over\n");
  EXPECT_EQ(account(), "0 2 executed files gone before they could be inspected");
}

TEST_F(ContentsTest, BodyOfAProgramRunFromMemoryIsInspectedWhereItWasReached) {
  exec("/memfd:body (deleted)", "memfd");
  Fd body(::memfd_create("body", MFD_CLOEXEC));
  ASSERT_TRUE(write_all(body.get(), "#!/bin/sh\n# needle\n", "body"));
  contents_->note_body("/memfd:body (deleted)", std::move(body));
  EXPECT_EQ(finish(), "memfd executed /memfd:body text/x-shellscript test:needle\n");
}

TEST_F(ContentsTest, LinksLeadNowhereOutOfTheGuest) {
  fs::create_symlink(fs::absolute(dir_.path() / "rules/test.yar"), merged("tmp/x"));
  exec("/tmp/x", "dropped");
  exec("/bin/sh", "", false, {"sh", "/../../../../../../etc/passwd"});
  std::string told = finish();
  EXPECT_EQ(told.find("test:needle"), std::string::npos) << told;
  EXPECT_EQ(told.find("passwd"), std::string::npos) << told;
}

TEST_F(ContentsTest, ImagesOwnFilesAreNotHeldOpen) {
  Event image = exec("/bin/marked", "image", true);
  EXPECT_EQ(contents_->kept().find(image.sha256), -1);
  Fd fd = std::move(*open_file(merged("bin/marked"), O_RDONLY));
  contents_->kept().keep(image.sha256, fd.get());
  EXPECT_EQ(contents_->kept().find(image.sha256), -1) << "known to be the image's";
  for (size_t i = 0; i < KeptExecutables::kMaxFiles + 3; ++i)
    contents_->kept().keep(std::to_string(i), fd.get());
  EXPECT_EQ(contents_->kept().all().size(), KeptExecutables::kMaxFiles);
  EXPECT_EQ(contents_->kept().left_out(), 3u);
}

TEST_F(ContentsTest, FloodOfExecutedFilesIsBoundedAndCounted) {
  for (size_t i = 0; i < Contents::kMaxExecuted + 5; ++i) {
    Event event;
    event.kind = EventKind::exec;
    event.path = "/bin/" + std::to_string(i);
    event.origin = "image";
    contents_->note(event);
  }
  EXPECT_TRUE(account().starts_with("5 ")) << account();
}

}  // namespace
}  // namespace assay
