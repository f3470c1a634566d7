// What a guest left behind, and where executed files came from, on real overlay mounts changed by the test in
// the guest's place.
#include "agent/harvest.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "agent/rootfs.h"
#include "tests/unit/agent/test_image.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

class Harvest : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEED_ROOT();
    for (const char* dir : {"etc", "bin", "opt/app", "home"}) fs::create_directories(image() / dir);
    put("etc/passwd", "root:x:0:0\n");
    put("etc/motd", "hello\n");
    put("bin/tool",
        "\x7f"
        "ELF tool",
        0755);
    put("bin/script", "#!/bin/sh\n", 0755);
    put("opt/app/a", "a");
    fs::create_symlink("tool", image() / "bin/alias");
    auto mounted = Rootfs::mount({image()}, dir_.path() / "scan", {}, {"/etc/hosts", "/proc/"});
    ASSERT_TRUE(mounted) << mounted.error().what;
    rootfs_.emplace(std::move(*mounted));
  }
  fs::path image() const { return dir_.path() / "layer"; }
  fs::path merged(const std::string& path) const { return rootfs_->merged() / path; }
  void put(const std::string& path, const std::string& content, unsigned mode = 0644) {
    ASSERT_TRUE(write_file(image() / path, content, mode));
    ::chmod((image() / path).c_str(), mode);
  }
  // One line an event: origin, type, path, size; "#" when it has the right hash of what lies there.
  std::string harvested(HarvestLimits limits = {}) {
    std::string out;
    auto count = harvest(rootfs_->upper(), rootfs_->image(), rootfs_->staged(), limits, [&](Event event) {
      EXPECT_EQ(event.kind, EventKind::file);
      EXPECT_EQ(event.plane, Plane::host);
      EXPECT_EQ(event.source, Source::harvest);
      events_.push_back(event);
      bool hashed =
          !event.sha256.empty() &&
          event.sha256 == Digest::of(*read_file(rootfs_->upper().string() + event.path, 1 << 24)).hex();
      out += event.origin + " " + event.file_type + " " + event.path + " " +
             std::to_string(event.size_bytes) + (hashed ? " #" : "") + "\n";
    });
    EXPECT_TRUE(count) << count.error().what;
    if (count->left_out) out += "left out " + std::to_string(count->left_out) + "\n";
    return out;
  }

  test::TempDir dir_;
  std::optional<Rootfs> rootfs_;
  std::vector<Event> events_;
};

TEST_F(Harvest, QuietGuestLeavesNothing) { EXPECT_EQ(harvested(), ""); }

TEST_F(Harvest, NewChangedAndDeletedFilesAreListedByPath) {
  ASSERT_TRUE(write_file(merged("etc/passwd"), "root:x:0:0\nevil:x:0:0\n"));
  ASSERT_TRUE(write_file(merged("etc/cron"), "* * * * *\n"));
  ASSERT_TRUE(write_file(merged("tmp-x"),
                         std::string("\x7f"
                                     "ELF\x02\x01\0\0",
                                     8),
                         0755));
  fs::create_directories(merged("var/new"));
  ASSERT_TRUE(write_file(merged("var/new/run.sh"), "#!/bin/bash\n"));
  ASSERT_TRUE(write_file(merged("var/new/blob"), std::string("\0\1\2", 3)));
  fs::create_symlink("/etc/shadow", merged("var/new/link"));
  ASSERT_EQ(::mkfifo(merged("var/new/pipe").c_str(), 0600), 0);
  fs::remove(merged("etc/motd"));
  EXPECT_EQ(harvested(),
            "dropped text /etc/cron 10 #\ndeleted data /etc/motd 0\nchanged text /etc/passwd 22 #\ndropped "
            "elf /tmp-x 8 #\n"
            "dropped dir /var 0\ndropped dir /var/new 0\ndropped data /var/new/blob 3 #\ndropped symlink "
            "/var/new/link 0\n"
            "dropped other /var/new/pipe 0\ndropped script /var/new/run.sh 12 #\n");
  EXPECT_EQ(events_[7].path2, "/etc/shadow");
  EXPECT_EQ(events_[3].mode, 0755u);
}

TEST_F(Harvest, WhatWasStagedCountsAsTheImages) {
  fs::path staged = dir_.path() / "staged";
  fs::create_directories(staged / "etc");
  fs::create_directories(staged / "home/.aws");
  for (const char* name : {"etc/motd", "home/.aws/credentials", "home/.aws/config", "home/.aws/gone"})
    ASSERT_TRUE(write_file(staged / name, "staged\n"));
  rootfs_.reset();
  auto mounted = Rootfs::mount({image()}, dir_.path() / "scan", {}, {},
                               [&](const fs::path&) { return Result<fs::path>(staged); });
  ASSERT_TRUE(mounted) << mounted.error().what;
  rootfs_.emplace(std::move(*mounted));
  EXPECT_EQ(*read_file(merged("etc/motd"), 100), "staged\n");
  ASSERT_TRUE(write_file(merged("etc/motd"), "staged\n"));  // as it was
  ASSERT_TRUE(write_file(merged("home/.aws/credentials"), "other\n"));
  ASSERT_TRUE(write_file(merged("home/.aws/new"), "new\n"));
  fs::remove(merged("home/.aws/gone"));
  EXPECT_EQ(harvested(),
            "changed text /home/.aws/credentials 6 #\ndeleted data /home/.aws/gone 0\n"
            "dropped text /home/.aws/new 4 #\n");
  EXPECT_EQ(*read_file(rootfs_->image() / "etc/motd", 100), "hello\n");
}

TEST_F(Harvest, CancelEndsIt) {
  Fd cancel(::eventfd(1, EFD_CLOEXEC));
  HarvestLimits limits;
  limits.cancel_fd = cancel.get();
  auto count = harvest(rootfs_->upper(), rootfs_->image(), {}, limits, [](Event) { ADD_FAILURE(); });
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, Errc::cancelled);
}

TEST_F(Harvest, WhatItHasNoTimeForIsCounted) {
  ASSERT_TRUE(write_file(merged("home/new"), "x"));
  HarvestLimits limits;
  limits.time = std::chrono::milliseconds(0);
  auto count = harvest(rootfs_->upper(), rootfs_->image(), {}, limits, [](Event) { ADD_FAILURE(); });
  ASSERT_TRUE(count) << count.error().what;
  EXPECT_EQ(count->listed, 0u);
  EXPECT_GT(count->left_out, 0u);
}

TEST_F(Harvest, FilesOnlyOpenedOrTouchedAreLeftOut) {
  ASSERT_TRUE(open_file(merged("etc/passwd"), O_RDWR));
  timespec times[2] = {{1, 0}, {1, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, merged("etc/motd").c_str(), times, 0), 0);
  ASSERT_TRUE(write_file(merged("opt/app/a"), "a"));  // the same bytes again
  ASSERT_TRUE(fs::exists(rootfs_->upper() / "etc/passwd"));
  EXPECT_EQ(harvested(), "");
}

TEST_F(Harvest, ChangesOfModeOwnerAndTargetAreChanges) {
  ASSERT_EQ(::chmod(merged("bin/tool").c_str(), 04755), 0);
  ASSERT_EQ(::chown(merged("etc/motd").c_str(), 7, 8), 0);
  fs::remove(merged("bin/alias"));
  fs::create_symlink("script", merged("bin/alias"));
  ASSERT_EQ(::chmod(merged("home").c_str(), 0777), 0);
  EXPECT_EQ(harvested(),
            "changed symlink /bin/alias 0\nchanged elf /bin/tool 9 #\nchanged text /etc/motd 6 #\nchanged "
            "dir /home 0\n");
  EXPECT_EQ(events_[1].mode, 04755u);
  EXPECT_EQ(events_[2].uid, 7u);
  EXPECT_EQ(events_[2].gid, 8u);
}

TEST_F(Harvest, TypeChangesAndReplacedDirectoriesAreChanges) {
  fs::remove_all(merged("opt/app"));
  fs::create_directory(merged("opt/app"));
  fs::remove(merged("etc/motd"));
  fs::create_directory(merged("etc/motd"));
  fs::remove_all(merged("home"));
  ASSERT_TRUE(write_file(merged("home"), "file now"));
  EXPECT_EQ(harvested(), "changed dir /etc/motd 0\nchanged text /home 8 #\nchanged dir /opt/app 0\n");
}

TEST_F(Harvest, RuntimesStubsAreNobodysDoing) {
  ASSERT_TRUE(write_file(merged("scratch"), "x"));
  fs::remove(merged("scratch"));
  fs::remove(merged("etc/hosts"));  // a stub
  EXPECT_EQ(harvested(), "");
}

TEST_F(Harvest, BoundsHoldAndWhatIsBeyondIsCounted) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(write_file(merged("f" + std::to_string(i)), "x"));
  ASSERT_EQ(::truncate(merged("f1").c_str(), 1ll << 40), 0);  // sparse
  EXPECT_EQ(harvested({.files = 3, .file_bytes = 100}),
            "dropped text /f0 1 #\ndropped data /f1 1099511627776\ndropped text /f2 1 #\nleft out 7\n");
  EXPECT_EQ(events_[1].truncated, 1ull << 40);
}

TEST_F(Harvest, TreesDeeperThanAPathEndCounted) {
  Fd at = std::move(*open_file(rootfs_->merged(), O_RDONLY | O_DIRECTORY));
  std::string name(200, 'd');
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0755), 0);
    at = Fd(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(at);
  }
  at.reset();
  std::string out = harvested();
  EXPECT_TRUE(out.ends_with("left out 1\n")) << out.substr(out.size() - 100);
}

TEST_F(Harvest, LinksOfTheGuestLeadNowhere) {
  fs::path secret = dir_.path() / "secret";
  ASSERT_TRUE(write_file(secret, "s"));
  fs::create_symlink(dir_.path(), merged("out"));
  fs::create_symlink(secret, merged("home/s"));
  EXPECT_EQ(harvested(), "dropped symlink /home/s 0\ndropped symlink /out 0\n");
}

class ProvenanceTest : public Harvest {
 protected:
  Event annotated(Event event) {
    auto provenance = Provenance::open(rootfs_->image(), rootfs_->merged());
    EXPECT_TRUE(provenance);
    provenance->annotate(event);
    return event;
  }
  std::string exec(const std::string& path, const std::string& sha256 = "", const std::string& cwd = "/") {
    Event event;
    event.kind = EventKind::exec;
    event.path = path;
    event.sha256 = sha256;
    event.cwd = cwd;
    event = annotated(event);
    return event.origin + " " + event.sha256.substr(0, 8);
  }
  std::string start(const std::vector<std::string>& argv, const std::vector<std::string>& env,
                    const std::string& cwd = "/") {
    Event event;
    event.kind = EventKind::start;
    event.argv = argv;
    event.env = env;
    event.cwd = cwd;
    event = annotated(event);
    return event.origin + " " + event.path + " " + event.sha256.substr(0, 8);
  }
  static std::string hex8(const std::string& bytes) { return Digest::of(bytes).hex().substr(0, 8); }
  const std::string tool_ =
      "\x7f"
      "ELF tool";
};

TEST_F(ProvenanceTest, ImagesOwnBinaryIsTheImages) {
  EXPECT_EQ(exec("/bin/tool"), "image " + hex8(tool_));
  EXPECT_EQ(exec("/bin/tool", Digest::of(tool_).hex()), "image " + hex8(tool_));
  EXPECT_EQ(exec("/bin/alias"), "image " + hex8(tool_));
  EXPECT_EQ(exec("tool", "", "/bin"), "image " + hex8(tool_));
}

TEST_F(ProvenanceTest, ChangedAndDroppedBinariesAreToldApart) {
  ASSERT_TRUE(write_file(merged("bin/tool"), "evil"));
  ASSERT_TRUE(write_file(merged("home/x"), "dropped"));
  EXPECT_EQ(exec("/bin/tool"), "changed " + hex8("evil"));
  EXPECT_EQ(exec("/home/x"), "dropped " + hex8("dropped"));
  EXPECT_EQ(exec("/bin/tool", std::string(64, 'a')), "changed aaaaaaaa");
  fs::remove(merged("home/x"));
  EXPECT_EQ(exec("/home/x"), "dropped ");
  EXPECT_EQ(exec("/home/x (deleted)", std::string(64, 'b')), "dropped bbbbbbbb");
  fs::remove(merged("bin/tool"));
  EXPECT_EQ(exec("/bin/tool"), " ");  // gone, and nobody saw its bytes: not known
}

TEST_F(ProvenanceTest, FilesOutsideTheRootFileSystemAreDroppedOrMemory) {
  EXPECT_EQ(exec("/memfd:x (deleted)"), "memfd ");
  EXPECT_EQ(exec("/dev/shm/x", std::string(64, 'c')), "dropped cccccccc");
  EXPECT_EQ(exec("/proc/self/fd/3"), " ");
}

TEST_F(ProvenanceTest, FirstProcessIsResolvedAsExecvpWould) {
  EXPECT_EQ(start({"tool"}, {"PATH=/nowhere:/bin"}), "image /bin/tool " + hex8(tool_));
  EXPECT_EQ(start({"alias"}, {"PATH=/bin"}), "image /bin/tool " + hex8(tool_));
  EXPECT_EQ(start({"tool"}, {}), "image /bin/tool " + hex8(tool_));
  EXPECT_EQ(start({"./tool"}, {}, "/bin"), "image /bin/tool " + hex8(tool_));
  EXPECT_EQ(start({"script"}, {"PATH=bin"}), "image /bin/script " + hex8("#!/bin/sh\n"));
  EXPECT_EQ(start({"motd"}, {"PATH=/etc"}), "  ");  // not executable
  EXPECT_EQ(start({}, {}), "  ");
  // What the guest does to it later makes no difference.
  fs::remove(merged("bin/tool"));
  EXPECT_EQ(start({"/bin/tool"}, {}), "image /bin/tool " + hex8(tool_));
}

TEST_F(ProvenanceTest, PathsNeverLeaveTheRoot) {
  fs::path secret = dir_.path() / "secret";
  ASSERT_TRUE(write_file(secret, "s", 0755));
  fs::create_symlink(secret, merged("home/s"));
  EXPECT_EQ(exec("/home/s"), "dropped ");
  EXPECT_EQ(exec("/../../../../../../../../../../../.." + secret.string()), "dropped ");
}

TEST_F(ProvenanceTest, FilesTooLargeToBeHashedAreCounted) {
  ASSERT_TRUE(write_file(merged("home/huge"), "", 0755));
  ASSERT_EQ(::truncate(merged("home/huge").c_str(), (1l << 30) + 1), 0);
  auto provenance = Provenance::open(rootfs_->image(), rootfs_->merged());
  ASSERT_TRUE(provenance);
  EXPECT_EQ(provenance->left_out(), 0u);
  Event event;
  event.kind = EventKind::exec;
  event.path = "/home/huge";
  provenance->annotate(event);
  EXPECT_EQ(event.origin, "dropped");
  EXPECT_EQ(event.sha256, "");
  EXPECT_EQ(provenance->left_out(), 1u);
}

TEST_F(ProvenanceTest, OtherEventsAreLeftAlone) {
  Event event;
  event.kind = EventKind::open;
  event.path = "/bin/tool";
  EXPECT_EQ(annotated(event), event);
}

}  // namespace
}  // namespace assay
