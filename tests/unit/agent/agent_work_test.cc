// The agent's loop with scans that pull and wait, a disk that fills up, and its end in order.
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/agent/agent_fixture.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

class AgentWork : public test::AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    ASSAY_NEED(find_program("skopeo"), "skopeo");
  }
};

TEST_F(AgentWork, AsksBeforeItFetchesAndEndsQuietlyWhenThereIsAResult) {
  start();
  welcome();
  say(lease(image()));
  auto resolved = expect<wire::Resolved>();
  ASSERT_TRUE(resolved);
  EXPECT_EQ(resolved->scan_id, kId);
  EXPECT_TRUE(resolved->digest.starts_with("sha256:")) << resolved->digest;
  say(wire::Cancel{kId, 1});
  EXPECT_TRUE(soon([&] { return !spooled(1); }));
  ASSERT_TRUE(expect<wire::Want>([](const wire::Want& want) { return want.credit == 2; }));
}

TEST_F(AgentWork, AsksAgainWhenTheSchedulerHasForgottenIt) {
  start();
  welcome();
  say(lease(image()));
  ASSERT_TRUE(expect<wire::Resolved>());
  say(wire::Who{});
  welcome();
  EXPECT_TRUE(expect<wire::Resolved>());
}

TEST_F(AgentWork, AJobTooLargeForThisHostGoesBack) {
  config_.memory_bytes = 1ull << 30;
  start();
  welcome();
  wire::Lease large = lease(image());
  large.job.memory_bytes = 2ull << 30;
  say(large);
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, "limit");
  EXPECT_TRUE(wire::is_retryable(failed->code));
  EXPECT_NE(failed->error.find("2048 MiB"), std::string::npos) << failed->error;
}

TEST_F(AgentWork, WhatItHasNoPlaceForGoesBack) {
  config_.prefetch = 0;
  start();
  welcome();
  say(lease(image()));
  ASSERT_TRUE(expect<wire::Resolved>());
  wire::Lease second = lease(image());
  second.scan_id = "20261125T031500-00000002";
  say(second);
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->scan_id, second.scan_id);
  EXPECT_EQ(failed->code, "cancelled");
}

TEST_F(AgentWork, AStopHandsBackWhatDoesNotRunYet) {
  config_.stop_grace = seconds(60);
  start();
  welcome();
  say(lease(image()));
  ASSERT_TRUE(expect<wire::Resolved>());
  auto begin = steady_clock::now();
  raise_event(stop_.get());
  auto want = expect<wire::Want>([](const wire::Want& w) { return w.why == "stopping"; });
  ASSERT_TRUE(want);
  EXPECT_EQ(want->credit, 0u);
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, "cancelled");
  EXPECT_EQ(failed->error, "the agent agent-1 stopped");
  say(wire::DoneAck{kId, 1});
  join();
  EXPECT_TRUE(ended_);
  EXPECT_LT(steady_clock::now() - begin, seconds(20));
  EXPECT_FALSE(spooled(1));
}

TEST_F(AgentWork, WhatNobodyAcknowledgesAtTheEndIsThereForTheNextStart) {
  start();
  welcome();
  say(lease(image()));
  ASSERT_TRUE(expect<wire::Resolved>());
  raise_event(stop_.get());
  join();
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(spooled(1));
  clear_event(stop_.get());
  start();
  EXPECT_EQ(welcome().held.size(), 1u);
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, "cancelled");
}

TEST_F(AgentWork, ALeaseThatComesAfterTheStopGoesBack) {
  config_.stop_grace = seconds(60);
  config_.prefetch = 0;
  start();
  welcome();
  say(lease(image()));
  ASSERT_TRUE(expect<wire::Resolved>());
  raise_event(stop_.get());
  wire::Lease late = lease(image());
  late.scan_id = "20261125T031500-00000002";
  ASSERT_TRUE(expect<wire::Want>([](const wire::Want& w) { return w.why == "stopping"; }));
  say(late);
  auto failed = expect<wire::Failed>([&](const wire::Failed& f) { return f.scan_id == late.scan_id; });
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, "the agent is stopping");
  say(wire::DoneAck{late.scan_id, 1});
  say(wire::DoneAck{kId, 1});
  join();
}

TEST_F(AgentWork, AFullDiskTakesItsCreditUntilThereIsSpaceAgain) {
  std::filesystem::create_directories(config_.data_dir);
  ASSAY_NEED(::mount("tmpfs", config_.data_dir.c_str(), "tmpfs", 0, "size=8m") == 0,
             "root, to mount a tmpfs");
  auto filler = config_.data_dir / "filler";
  { std::ofstream(filler) << std::string(6 << 20, 'x'); }
  config_.reserve_bytes = 4 << 20;
  start();
  welcome();
  auto want = expect<wire::Want>();
  ASSERT_TRUE(want);
  EXPECT_EQ(want->credit, 0u);
  EXPECT_TRUE(want->why.starts_with("disk full: " + config_.data_dir.string())) << want->why;
  std::filesystem::remove(filler);
  EXPECT_TRUE(expect<wire::Want>([](const wire::Want& w) { return w.credit == 2 && w.why.empty(); }));
  stop();
  EXPECT_EQ(::umount(config_.data_dir.c_str()), 0);
}

TEST_F(AgentWork, AScanThatMeetsAFullDiskFailsSoThatItMayGoBetterElsewhere) {
  std::filesystem::create_directories(config_.data_dir);
  ASSAY_NEED(::mount("tmpfs", config_.data_dir.c_str(), "tmpfs", 0, "size=1m") == 0,
             "root, to mount a tmpfs");
  {
    test::OciLayout layout(dir_.path() / "oci");
    std::string noise(4 << 20, '\0');
    for (size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>((i * i * 2654435761u) >> 13);
    layout.tag(layout.image({test::tar({{.name = "a", .content = noise}})}, {{"Cmd", {"/a"}}},
                            test::this_architecture()),
               "one");
  }
  start();
  welcome();
  std::string ref = "oci:" + (dir_.path() / "oci").string();
  say(lease(ref));
  ASSERT_TRUE(expect<wire::Resolved>());
  say(wire::Proceed{kId, 1});
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, "no_space") << failed->error;
  EXPECT_TRUE(wire::is_retryable(failed->code));
  EXPECT_TRUE(failed->error.starts_with(ref + ": ")) << failed->error;
  EXPECT_EQ(failed->error.find(ref, 1), std::string::npos) << failed->error;
  stop();
  EXPECT_EQ(::umount(config_.data_dir.c_str()), 0);
}

TEST_F(AgentWork, AFullSpoolTakesItsCredit) {
  config_.spool_quota_bytes = 10;
  spool(1, 2);
  start();
  welcome();
  auto want = expect<wire::Want>();
  ASSERT_TRUE(want);
  EXPECT_EQ(want->credit, 0u);
  EXPECT_TRUE(want->why.starts_with("spool full: ")) << want->why;
  say(wire::ChunkAck{kId, 1, 0});
  say(wire::ChunkAck{kId, 1, 1});
  EXPECT_TRUE(expect<wire::Want>([](const wire::Want& w) { return w.credit == 2; }));
}

}  // namespace
}  // namespace assay
