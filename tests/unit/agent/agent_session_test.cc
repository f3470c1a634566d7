// The agent's loop before a scheduler that the test plays: sessions, resuming, refusals, cancels.
#include "tests/unit/agent/agent_fixture.h"

namespace assay {
namespace {

using std::chrono::seconds;

class AgentSession : public test::AgentTest {};

TEST_F(AgentSession, SaysWhoItIsThenWhatItWants) {
  config_.slots = 3;
  config_.prefetch = 2;
  config_.cpu_millis = 4000;
  config_.memory_bytes = 8ull << 30;
  start();
  wire::Hello hello = welcome();
  EXPECT_EQ(hello.agent_id, "agent-1");
  EXPECT_EQ(hello.version, wire::kOldestVersion) << "a scheduler of before looks at nothing else";
  EXPECT_EQ(hello.newest, wire::kVersion);
  EXPECT_EQ(hello.instance.size(), 32u);
  EXPECT_EQ(hello.capacity.slots, 3u);
  EXPECT_EQ(hello.capacity.cpu_millis, 4000u);
  EXPECT_TRUE(hello.held.empty());
  auto want = expect<wire::Want>();
  ASSERT_TRUE(want);
  EXPECT_EQ(want->credit, 5u);
  EXPECT_EQ(want->why, "");
}

TEST_F(AgentSession, AFailureIsToldUntilItIsAcknowledgedAndThenForgotten) {
  start();
  welcome();
  ASSERT_TRUE(expect<wire::Want>());
  say(lease("oci:/no/such/layout"));
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->scan_id, kId);
  EXPECT_EQ(failed->attempt, 1u);
  EXPECT_EQ(failed->code, "not_found");
  EXPECT_TRUE(spooled(1));
  // Its place is free before anybody has answered.
  EXPECT_TRUE(expect<wire::Want>([](const wire::Want& want) { return want.credit == 2; }));
  say(wire::DoneAck{kId, 1});
  EXPECT_TRUE(soon([&] { return !spooled(1); }));
}

TEST_F(AgentSession, ShipsWhatADeadAgentHadSpooled) {
  spool(2, 3);
  start();
  wire::Hello hello = welcome();
  ASSERT_EQ(hello.held.size(), 1u);
  EXPECT_EQ(hello.held[0].scan_id, kId);
  EXPECT_EQ(hello.held[0].attempt, 2u);
  for (uint32_t i = 0; i < 3; ++i) {
    auto chunk = expect<wire::Chunk>();
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->index, i);
    EXPECT_EQ(chunk->bytes, "chunk " + std::to_string(i));
  }
  for (uint32_t i = 0; i < 3; ++i) say(wire::ChunkAck{kId, 2, i});
  auto done = expect<wire::Done>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->footer.chunks, 3u);
  EXPECT_FALSE(std::filesystem::exists(config_.data_dir / "spool" / (kId + "-2") / "chunk-0"));
  EXPECT_TRUE(spooled(2));
  say(wire::DoneAck{kId, 2});
  EXPECT_TRUE(soon([&] { return !spooled(2); }));
}

TEST_F(AgentSession, ShipsTheArchiveThatADeadAgentHadSpooled) {
  spool(2, 5, 3);
  std::filesystem::remove(config_.data_dir / "spool" / (kId + "-2") / "chunk-0");  // acknowledged before
  std::filesystem::remove(config_.data_dir / "spool" / (kId + "-2") / "chunk-1");
  std::filesystem::remove(config_.data_dir / "spool" / (kId + "-2") / "chunk-2");
  start();
  ASSERT_EQ(welcome().held.size(), 1u);
  for (uint32_t i = 3; i < 5; ++i) {
    auto chunk = expect<wire::Chunk>();
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->index, i);
    say(wire::ChunkAck{kId, 2, i});
  }
  auto done = expect<wire::Done>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->footer.chunks, 2u);
  EXPECT_EQ(done->footer.artifact_chunks, 3u);
  say(wire::DoneAck{kId, 2});
  EXPECT_TRUE(soon([&] { return !spooled(2); }));
}

TEST_F(AgentSession, ResumesAtTheFirstChunkNotAcknowledgedWhenTheSchedulerHasForgottenIt) {
  spool(1, 3);
  start();
  std::string instance = welcome().instance;
  ASSERT_TRUE(expect<wire::Chunk>([](const wire::Chunk& chunk) { return chunk.index == 2; }));
  say(wire::ChunkAck{kId, 1, 0});
  say(wire::Who{});
  auto hello = expect<wire::Hello>();
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->instance, instance);
  EXPECT_EQ(hello->held.size(), 1u);
  say(wire::Welcome{});
  auto chunk = expect<wire::Chunk>();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->index, 1u);
}

TEST_F(AgentSession, NothingIsShippedBeforeTheSchedulerHasSaidWelcome) {
  spool(1, 1);
  start();
  ASSERT_TRUE(expect<wire::Hello>());
  // Three seconds later it says Hello again, and nothing else came between.
  std::vector<WaitFor> items{scheduler_->socket()};
  ASSERT_TRUE(wait(items, seconds(20)));
  auto frames = scheduler_->socket().receive();
  ASSERT_TRUE(frames && *frames);
  auto message = wire::decode((**frames)[1]);
  EXPECT_TRUE(message && std::holds_alternative<wire::Hello>(*message));
}

TEST_F(AgentSession, ACancelledAttemptLeavesTheSpool) {
  spool(1, 2);
  start();
  welcome();
  ASSERT_TRUE(expect<wire::Chunk>());
  say(wire::Cancel{kId, 1});
  EXPECT_TRUE(soon([&] { return !spooled(1); }));
}

TEST_F(AgentSession, ADamagedChunkFailsItsAttemptAndNotTheAgent) {
  spool(1, 2);
  std::filesystem::resize_file(config_.data_dir / "spool" / (kId + "-1") / "chunk-1", 2 << 20);
  start();
  welcome();
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, "io");
}

TEST_F(AgentSession, AWrongVersionEndsTheAgentAndSaysWhatToInstall) {
  start();
  ASSERT_TRUE(expect<wire::Hello>());
  say(wire::Refused{"unsupported", "it speaks wire version 2, this scheduler 3"});
  join();
  ASSERT_FALSE(ended_);
  EXPECT_EQ(ended_.error().code, Errc::unsupported);
  EXPECT_NE(ended_.error().what.find("it speaks wire version 2, this scheduler 3"), std::string::npos);
  EXPECT_NE(ended_.error().what.find("install the assay-agent of the scheduler's release"), std::string::npos)
      << ended_.error().what;
}

TEST_F(AgentSession, RemembersWhichRepositoriesItHas) {
  start();
  EXPECT_TRUE(welcome().cached.empty());
  say(lease("oci:/no/such/layout"));
  ASSERT_TRUE(expect<wire::Failed>());
  stop();
  start();
  EXPECT_EQ(welcome().cached, std::vector<uint64_t>{wire::affinity_key("oci:/no/such/layout")});
}

TEST_F(AgentSession, NonsenseFromTheSchedulerIsPassedOver) {
  start();
  welcome();
  scheduler_->say_frame("nonsense");
  say(wire::Heartbeat{});
  say(wire::Lease{"../../etc", 1, {}});
  say(wire::ChunkAck{"nobody", 7, 9});
  say(wire::Cancel{"", 0});
  say(lease("oci:/no/such/layout"));
  EXPECT_TRUE(expect<wire::Failed>());
}

TEST_F(AgentSession, AnotherAgentCannotHaveTheSameSpool) {
  start();
  welcome();
  Context other;
  auto refused = serve_agent(other, config_, stop_.get());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::conflict) << refused.error().what;
}

}  // namespace
}  // namespace assay
