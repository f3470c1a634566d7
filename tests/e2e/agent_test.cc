// assay-agent with real guests, before a scheduler that the test plays: its ends, and what is left of them.
#include <fcntl.h>

#include "common/fd.h"
#include "tests/e2e/assay.h"
#include "tests/unit/agent/fake_scheduler.h"

namespace assay::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

const std::string kFirst = "20261125T031500-00000001", kSecond = "20261125T031500-00000002";

class AgentEnds : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEEDS_HOST();
    before_ = leftovers();
    scheduler_.emplace(context_, endpoint());
  }
  std::string endpoint() const { return "ipc://" + (dir_.path() / "s.sock").string(); }
  Child start(const std::vector<std::string>& more = {}) {
    Command command;
    command.argv = {
        bin("assay-agent"), "--connect", endpoint(),  "--data", dir_.path() / "agent", "--slots", "1",
        "--prefetch",       "1",         "--reserve", "0",      "--artifact-bytes",    "0"};  // one chunk a
                                                                                              // scan
    command.argv.insert(command.argv.end(), more.begin(), more.end());
    auto log = open_file(dir_.path() / "agent.log", O_WRONLY | O_CREAT | O_APPEND);
    EXPECT_TRUE(log);
    command.stderr_fd = command.stdout_fd = log->get();
    auto child = spawn(command);
    EXPECT_TRUE(child) << child.error().what;
    return std::move(*child);
  }
  void lease(const std::string& id, milliseconds duration) {
    wire::Lease lease{id, 1, {}};
    lease.job.ref = "oci-archive:" + image("quiet").string();
    lease.job.duration = duration;
    scheduler_->say(lease);
  }
  // Two scans: one runs, the other has all it needs and waits.
  void one_runs_one_waits(milliseconds duration) {
    scheduler_->welcome();
    for (auto [id, phase] : {std::pair(kFirst, "run"), std::pair(kSecond, "wait")}) {
      lease(id, duration);
      ASSERT_TRUE(scheduler_->expect<wire::Resolved>());
      scheduler_->say(wire::Proceed{id, 1});
      ASSERT_TRUE(scheduler_->expect<wire::Progress>(
          [&](const wire::Progress& progress) { return progress.scan_id == id && progress.phase == phase; }));
    }
  }
  std::string log() const { return *read_file(dir_.path() / "agent.log", 1 << 20); }

  TempDir dir_;
  std::set<std::string> before_;
  Context context_;
  std::optional<test::FakeScheduler> scheduler_;
};

TEST_F(AgentEnds, ToldToStopItsGuestFinishesAndWhatWaitsGoesBack) {
  Child agent = start({"--stop-grace", "60s"});
  one_runs_one_waits(seconds(4));
  agent.kill(SIGTERM);
  auto failed = scheduler_->expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->scan_id, kSecond);
  EXPECT_EQ(failed->code, "cancelled");
  scheduler_->say(wire::DoneAck{kSecond, 1});
  auto chunk = scheduler_->expect<wire::Chunk>();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->scan_id, kFirst);
  scheduler_->say(wire::ChunkAck{kFirst, 1, chunk->index});
  auto done = scheduler_->expect<wire::Done>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->footer.reason, EndReason::deadline);
  scheduler_->say(wire::DoneAck{kFirst, 1});
  auto ended = agent.wait_until(steady_clock::now() + seconds(10));
  ASSERT_TRUE(ended) << log();
  EXPECT_EQ(ended->shell_code(), 0) << log();
  EXPECT_EQ(left_behind(before_), std::set<std::string>());
  EXPECT_TRUE(fs::is_empty(dir_.path() / "agent" / "spool"));
}

TEST_F(AgentEnds, WhatDoesNotFinishWithinTheGraceGoesBack) {
  Child agent = start({"--stop-grace", "1s"});
  one_runs_one_waits(seconds(60));
  agent.kill(SIGTERM);
  for (const std::string& id : {kSecond, kFirst}) {
    auto failed = scheduler_->expect<wire::Failed>();
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->scan_id, id);
    EXPECT_EQ(failed->code, "cancelled");
    scheduler_->say(wire::DoneAck{id, 1});
  }
  auto ended = agent.wait_until(steady_clock::now() + seconds(10));
  ASSERT_TRUE(ended) << log();
  EXPECT_EQ(ended->shell_code(), 0);
  EXPECT_EQ(left_behind(before_), std::set<std::string>());
}

TEST_F(AgentEnds, ToldTwiceItEndsAtOnceAndLeavesNothing) {
  Child agent = start({"--stop-grace", "60s"});
  one_runs_one_waits(seconds(60));
  agent.kill(SIGTERM);
  ASSERT_TRUE(scheduler_->expect<wire::Failed>());
  agent.kill(SIGTERM);
  auto ended = agent.wait_until(steady_clock::now() + seconds(10));
  ASSERT_TRUE(ended) << log();
  EXPECT_EQ(ended->shell_code(), 0);
  EXPECT_EQ(left_behind(before_), std::set<std::string>());
}

TEST_F(AgentEnds, KilledTheNextOneClearsAwayAndKeepsWhatIsWhole) {
  Child agent = start();
  one_runs_one_waits(seconds(2));
  // Its trace is whole, and nobody acknowledges it; the second one runs by then.
  ASSERT_TRUE(scheduler_->expect<wire::Chunk>());
  ASSERT_TRUE(scheduler_->expect<wire::Progress>([&](const wire::Progress& progress) {
    return progress.scan_id == kSecond && progress.phase == "run";
  }));
  agent.kill(SIGKILL);
  (void)agent.wait();
  EXPECT_NE(left_behind(before_), std::set<std::string>());
  Child next = start();
  wire::Hello hello = scheduler_->welcome();
  ASSERT_EQ(hello.held.size(), 1u) << log();
  EXPECT_EQ(hello.held[0].scan_id, kFirst);
  auto chunk = scheduler_->expect<wire::Chunk>();
  ASSERT_TRUE(chunk);
  scheduler_->say(wire::ChunkAck{kFirst, 1, chunk->index});
  ASSERT_TRUE(scheduler_->expect<wire::Done>());
  scheduler_->say(wire::DoneAck{kFirst, 1});
  next.kill(SIGTERM);
  ASSERT_TRUE(next.wait_until(steady_clock::now() + seconds(10))) << log();
  EXPECT_EQ(left_behind(before_), std::set<std::string>());
}

}  // namespace
}  // namespace assay::e2e
