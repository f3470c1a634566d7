// A scheduler of the version before, by frames that it has recorded (tests/wire/4), before the agent of
// today.
#include "tests/unit/agent/agent_fixture.h"

namespace assay {
namespace {

class WireBefore : public test::AgentTest {
 protected:
  void replay(const std::string& name) {
    auto frame =
        read_file(std::string(ASSAY_SOURCE_DIR) + "/tests/wire/4/scheduler/" + name + ".frame", 1 << 20);
    ASSERT_TRUE(frame) << frame.error().what;
    scheduler_->say_frame(*frame);
  }
};

TEST_F(WireBefore, AgentShipsAndTakesLeases) {
  spool(2, 3);
  start();
  auto hello = expect<wire::Hello>();
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->version, 4u) << "such a scheduler takes no other";
  replay("welcome");
  for (uint32_t i = 0; i < 3; ++i) {
    auto chunk = expect<wire::Chunk>();
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->index, i);
  }
  for (uint32_t i = 0; i < 3; ++i) replay("chunk-ack-" + std::to_string(i));
  ASSERT_TRUE(expect<wire::Done>());
  replay("done-ack-2");
  EXPECT_TRUE(soon([&] { return !spooled(2); }));
  replay("lease");
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->scan_id, kId);
  EXPECT_EQ(failed->code, "not_found") << failed->error;
  replay("done-ack-1");
  EXPECT_TRUE(soon([&] { return !spooled(1); }));
  replay("who");
  EXPECT_TRUE(expect<wire::Hello>());
  replay("welcome");
  EXPECT_TRUE(expect<wire::Want>());
}

TEST_F(WireBefore, RefusalEndsTheAgentInWords) {
  start();
  ASSERT_TRUE(expect<wire::Hello>());
  replay("refused");
  join();
  ASSERT_FALSE(ended_);
  EXPECT_EQ(ended_.error().code, Errc::unsupported);
  EXPECT_NE(ended_.error().what.find("install the assay-agent of the scheduler's release"), std::string::npos)
      << ended_.error().what;
}

TEST_F(WireBefore, SchedulerThatSpeaksOnlyLaterVersionsEndsTheAgentWithBothRanges) {
  start();
  ASSERT_TRUE(expect<wire::Hello>());
  say(wire::Welcome{6, 7});
  join();
  ASSERT_FALSE(ended_);
  EXPECT_EQ(ended_.error().what.find(
                "the scheduler at inproc://scheduler speaks wire version 6 to 7, this agent ("),
            0u)
      << ended_.error().what;
  EXPECT_NE(ended_.error().what.find(") 4 to 5: install"), std::string::npos) << ended_.error().what;
}

}  // namespace
}  // namespace assay
