// An agent that a hit of its sandbox's guard has fenced, before a scheduler that the test plays.
#include "agent/fence.h"
#include "tests/unit/agent/agent_fixture.h"

namespace assay {
namespace {

class AgentFence : public test::AgentTest {
 protected:
  FenceMark mark() const { return FenceMark(config_.data_dir); }
  void write_mark(uint32_t attempt) const {
    std::filesystem::create_directories(config_.data_dir);
    ASSERT_TRUE(mark().write({{kId, attempt}, "exec by a stranger"}));
  }
  bool marked() const { return std::filesystem::exists(mark().path()); }
  void spool_hit(uint32_t attempt) const {
    spool(attempt, 1);
    auto writer = SpoolWriter::create(config_.data_dir / "spool", {kId, attempt}, 0);
    ASSERT_TRUE(writer && writer->chunk(0, "chunk 0"));
    wire::Done done{kId, attempt, {}, {}};
    done.header.scan_id = kId;
    done.footer.chunks = 1;
    done.footer.reason = EndReason::guard;
    done.footer.detail = "mount by a sandbox";
    ASSERT_TRUE(writer->done(done));
  }
};

TEST_F(AgentFence, ARestartedOneShipsTheTraceOfItsHitAndTakesNoWork) {
  spool(1, 2);
  spool(2, 1);
  write_mark(2);
  std::string told;
  config_.fenced = [&](const Fencing& fencing) { told = fenced_text(fencing); };
  start();
  wire::Hello hello = welcome();
  ASSERT_EQ(hello.held.size(), 1u);
  EXPECT_EQ(hello.held[0].attempt, 2u);
  EXPECT_FALSE(spooled(1));
  auto fenced = expect<wire::Fenced>();
  ASSERT_TRUE(fenced);
  EXPECT_EQ(fenced->scan_id, kId);
  EXPECT_EQ(fenced->attempt, 2u);
  EXPECT_EQ(fenced->reason, "exec by a stranger");
  auto want = expect<wire::Want>();
  ASSERT_TRUE(want);
  EXPECT_EQ(want->credit, 0u);
  EXPECT_EQ(want->why, "fenced after scan " + kId +
                           ": exec by a stranger; look at this host, then `assay agents unfence` it");
  EXPECT_EQ(told, want->why);
  auto chunk = expect<wire::Chunk>();
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->attempt, 2u);
  say(wire::ChunkAck{kId, 2, 0});
  ASSERT_TRUE(expect<wire::Done>());
  say(wire::DoneAck{kId, 2});
  EXPECT_TRUE(soon([&] { return !spooled(2); }));
  // What it is given all the same goes back.
  say(lease("oci:/no/such/layout", 7));
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, "cancelled");
  EXPECT_EQ(failed->error, "the agent is fenced");
  // It says so again, whoever has missed it.
  EXPECT_TRUE(expect<wire::Fenced>());
  EXPECT_TRUE(marked());
}

TEST_F(AgentFence, OneThatDiedBeforeItsMarkIsFencedByItsSpool) {
  spool_hit(4);
  start();
  welcome();
  auto fenced = expect<wire::Fenced>();
  ASSERT_TRUE(fenced);
  EXPECT_EQ(fenced->attempt, 4u);
  EXPECT_EQ(fenced->reason, "mount by a sandbox");
  EXPECT_TRUE(marked());
}

TEST_F(AgentFence, WorksAgainOnceItsFencingIsLiftedAndNoOther) {
  write_mark(2);
  start();
  welcome();
  ASSERT_TRUE(expect<wire::Fenced>());
  say(wire::Unfence{kId, 1});
  ASSERT_TRUE(expect<wire::Fenced>());
  EXPECT_TRUE(marked());
  say(wire::Unfence{kId, 2});
  EXPECT_TRUE(
      expect<wire::Want>([](const wire::Want& want) { return want.credit == 2 && want.why.empty(); }));
  EXPECT_FALSE(marked());
  say(lease("oci:/no/such/layout", 7));
  auto failed = expect<wire::Failed>();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->code, "not_found");
}

TEST_F(AgentFence, DoesNotStartWithAMarkThatNobodyCanRead) {
  write_mark(2);
  ASSERT_TRUE(write_file(mark().path(), "nonsense"));
  start();
  join();
  ASSERT_FALSE(ended_);
  EXPECT_EQ(ended_.error().code, Errc::corrupt);
  EXPECT_NE(ended_.error().what.find("look at this host, then remove it"), std::string::npos)
      << ended_.error().what;
}

// Nobody could lift it: the farm of one command has no operator.
TEST_F(AgentFence, ThatOfOneCommandKeepsNoMark) {
  config_.keep_spool = false;
  write_mark(2);
  start();
  welcome();
  auto want = expect<wire::Want>();
  ASSERT_TRUE(want);
  EXPECT_EQ(want->credit, 2u);
}

}  // namespace
}  // namespace assay
