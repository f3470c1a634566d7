// Which limits a guest has hit: figures into the footer's list, and a full file system seen as one.
#include "agent/limits.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "tests/support.h"

namespace assay {
namespace {

std::string text_of(const LimitFigures& figures) {
  std::string out;
  for (const LimitHit& hit : limit_hits(figures))
    out += hit.limit + " x" + std::to_string(hit.times) + ": " + hit.detail + "\n";
  return out;
}

TEST(Limits, OfAQuietGuestNoneIsTold) { EXPECT_EQ(text_of({}), ""); }

TEST(Limits, EachIsToldWithItsSizeAndWhatCameOfIt) {
  LimitFigures figures;
  figures.cgroup = {.memory_bytes = 2ull << 30, .cpus = 1.5, .pids = 4096};
  figures.output_bytes = 1 << 20;
  figures.events = 2'000'000;
  figures.trace_bytes = 512ull << 20;
  figures.oom_kills = 3;
  figures.pids_refused = 17;
  figures.throttled_ns = 2'340'000'000;
  figures.disk_full = 5;
  figures.inodes_full = 2;
  figures.refused_for_room = 9;
  figures.output_left_out = 12345;
  figures.events_reached = figures.trace_reached = true;
  figures.connections_pushed_out = 400;
  figures.connections_cut = 2;
  figures.reports_dropped = 77;
  figures.steps_left_out = 1;
  EXPECT_EQ(text_of(figures),
            "memory x3: 2 GiB; processes of the sandbox were killed\n"
            "processes x17: 4096 tasks on the host; no more were given\n"
            "cpu x1: 1.5 processors; held back for 2.3 s in all\n"
            "inodes x9: 200000 files; no more could be made\n"
            "disk x1: 1 GiB; no more could be written\n"
            "output x1: 1 MiB; 12345 bytes beyond it were counted, not kept\n"
            "events x1: 2000000 events; the run was stopped\n"
            "trace x1: 512 MiB; the run was stopped\n"
            "connections x400: as many at once as the simulated internet holds; the oldest were closed\n"
            "bytes x2: as much as one connection may send; it was closed\n"
            "reports x77: what the simulated internet may tell in a second; the rest was counted as lost\n"
            "plan x1: as many steps as one run plan has; more were left out\n");
}

TEST(Limits, ASandboxThatWasKilledIsToldAsSuch) {
  LimitFigures figures;
  figures.cgroup.memory_bytes = 1000;
  figures.oom_kills = 1;
  figures.killed = true;
  EXPECT_EQ(text_of(figures), "memory x1: 1000 bytes; the sandbox was killed\n");
}

TEST(Limits, AQuotaThatOnlyTouchesAProgramAsItStartsIsNotWorthAWord) {
  LimitFigures figures;
  figures.cgroup.cpus = 1;
  figures.throttled_ns = 300'000'000;
  EXPECT_EQ(text_of(figures), "");
}

TEST(Limits, CallsThatFoundNoRoomCountWhereNobodyLookedInTime) {
  LimitBook book({}, {}, "/proc");
  book.look();
  Event refused;
  refused.source = Source::seccheck;
  refused.error = ENOSPC;
  book.note(refused);
  refused.error = ENOENT;
  book.note(refused);
  EXPECT_EQ(text_of(book.figures), "disk x1: 1 GiB; no more could be written\n");
}

class SmallFileSystem : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "mounting needs root";
    ASSERT_EQ(::mount("small", dir_.path().c_str(), "tmpfs", 0, "size=256k,nr_inodes=20"), 0);
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) ::umount2(dir_.path().c_str(), MNT_DETACH);
  }
  TempDir dir_;
  bool mounted_ = false;
};

TEST_F(SmallFileSystem, IsSeenFullOfBytes) {
  LimitBook book({}, {}, dir_.path());
  book.look();
  EXPECT_EQ(book.figures.disk_full, 0u);
  std::ofstream(dir_.path() / "fill") << std::string(1 << 20, 'x');
  book.look();
  EXPECT_EQ(book.figures.disk_full, 1u);
  EXPECT_EQ(book.figures.inodes_full, 0u);
  std::filesystem::remove(dir_.path() / "fill");
  book.look();  // what was full stays told
  EXPECT_EQ(book.figures.disk_full, 1u);
}

TEST_F(SmallFileSystem, IsSeenFullOfFiles) {
  LimitBook book({}, {}, dir_.path());
  for (int i = 0; i < 40; ++i) std::ofstream(dir_.path() / std::to_string(i));
  book.look();
  EXPECT_EQ(book.figures.inodes_full, 1u);
  EXPECT_EQ(book.figures.disk_full, 0u);
}

}  // namespace
}  // namespace assay
