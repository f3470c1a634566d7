// Sessions of agents: versions, restarts, reconnections, strangers, drained and fenced ones.
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

TEST_F(ServerTest, AgentOfAnotherVersionIsRefusedWithWhatToDo) {
  start();
  Socket agent = connect(config_.agents[0]);
  say(agent, wire::Hello{wire::kVersion + 1, "new", "i", kVersion, {}, {}, {}});
  auto refused = expect<wire::Refused>(agent);
  EXPECT_EQ(refused.code, "unsupported");
  EXPECT_EQ(refused.reason,
            "agent new speaks wire version 6, this scheduler 4 to 5: install the same release on both, or "
            "the one before "
            "on one of them");
  stop();
  EXPECT_EQ(stats_.refused["version"], 1u);
}

TEST_F(ServerTest, StrangersAreAskedWhoTheyAreAndGetNoWork) {
  start();
  Socket client = this->client(), stranger = connect(config_.agents[0]);
  submit(client);
  want(stranger);
  (void)expect<wire::Who>(stranger);
  Socket agent = this->agent();
  want(agent);
  (void)expect<wire::Lease>(agent);
}

TEST_F(ServerTest, RestartedAgentsLeasesGoOnAtOnce) {
  start();
  Socket client = this->client(), dead = this->agent("a", "i1");
  std::string lost = submit(client), kept = submit(client);
  want(dead, 2);
  auto first = expect<wire::Lease>(dead), second = expect<wire::Lease>(dead);
  // Its next process has the second one whole on its disk.
  Socket risen = this->agent("a", "i2", {{second.scan_id, second.attempt}});
  want(risen);
  auto again = expect<wire::Lease>(risen);
  EXPECT_EQ(again.scan_id, first.scan_id);
  EXPECT_EQ(again.attempt, 2u);
  ship(risen, second);
  ship(risen, again);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
}

TEST_F(ServerTest, ReconnectedAgentKeepsWhatItHolds) {
  start();
  Socket client = this->client(), before = this->agent("a", "i1");
  submit(client);
  want(before);
  auto lease = expect<wire::Lease>(before);
  Socket after = this->agent("a", "i1", {{lease.scan_id, lease.attempt}});
  ship(after, lease);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  stop();
  EXPECT_EQ(stats_.redelivered, 0u);
}

TEST_F(ServerTest, HelloRepeatedOnOneConnectionDoesNotTakeLeasesOnTheirWay) {
  start();
  Socket client = this->client(), agent = this->agent("a", "i1");
  submit(client);
  want(agent);
  auto lease = expect<wire::Lease>(agent);
  say(agent, wire::Hello{wire::kVersion, "a", "i1", kVersion, {1, 1000, 1 << 30}, {}, {}});
  (void)expect<wire::Welcome>(agent);
  ship(agent, lease);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
}

TEST_F(ServerTest, DrainedAgentGetsNothingNewUntilItIsUndrained) {
  start();
  Socket client = this->client(), drained = this->agent("drained"), other = this->agent("other");
  ask(client, "agent_mode", {{"name", "drained"}, {"mode", "drain"}});
  want(drained);
  submit(client);
  want(other);
  (void)expect<wire::Lease>(other);
  ask(client, "agent_mode", {{"name", "drained"}, {"mode", "undrain"}});
  submit(client);
  (void)expect<wire::Lease>(drained);
  ask(client, "agent_mode", {{"name", "nobody"}, {"mode", "drain"}}, 404);
  ask(client, "agent_mode", {{"name", "other"}, {"mode", "explode"}}, 400);
}

TEST_F(ServerTest, FencedAgentLosesItsLeasesAndStaysFencedOverARestart) {
  start();
  {
    Socket client = this->client(), fenced = this->agent("fenced"), other = this->agent("other");
    submit(client);
    want(fenced);
    auto lease = expect<wire::Lease>(fenced);
    ask(client, "agent_mode", {{"name", "fenced"}, {"mode", "fence"}});
    EXPECT_EQ(expect<wire::Cancel>(fenced).scan_id, lease.scan_id);
    want(other);
    auto again = expect<wire::Lease>(other);
    EXPECT_EQ(again.attempt, 2u);
    say(fenced, done(lease));
    (void)expect<wire::DoneAck>(fenced);
    ship(other, again);
    EXPECT_TRUE(expect<wire::Finished>(client).ok);
  }
  stop();
  EXPECT_EQ(stats_.stale_messages, 1u);
  start();
  Socket client = this->client(), fenced = this->agent("fenced");
  want(fenced);
  auto agents = ask(client, "agents")["agents"];
  ASSERT_EQ(agents.size(), 1u);
  EXPECT_EQ(agents[0]["mode"], "fenced");
}

TEST_F(ServerTest, MessagesOutOfPlaceAreCountedByReasonAndHurtNobody) {
  start();
  Socket client = this->client(), agent = this->agent();
  ASSERT_TRUE(agent.send("no capnp at all"));
  ASSERT_TRUE(agent.send_frames({"two", "frames"}));
  ASSERT_TRUE(agent.send_frames(std::vector<std::string_view>(100, "x")));
  ASSERT_TRUE(agent.send(""));
  say(agent, wire::Submit{{of("nginx")}, false});
  say(agent, wire::Ask{"agents", "{}"});
  say(agent, wire::Lease{"20260101T000000-00000000", 1, {}});
  say(client, wire::Want{1, 1, 1, ""});
  submit(client);
  want(agent);
  (void)expect<wire::Lease>(agent);
  stop();
  EXPECT_EQ(stats_.refused["malformed"], 4u);
  EXPECT_EQ(stats_.refused["not_an_agents"], 3u);
  EXPECT_EQ(stats_.refused["not_a_clients"], 1u);
}

TEST_F(ServerTest, AgentIsForgottenOnceItIsGoneAndAFencedOneOnlyByName) {
  config_.limits.lease = milliseconds(300);
  start();
  Socket client = this->client();
  {
    Socket agent = this->agent("rack-1");
    Socket other = this->agent("rack-2");
    (void)ask(client, "agent_mode", {{"name", "rack-2"}, {"mode", "fence"}});
    EXPECT_EQ(ask(client, "agent_forget", {{"name", "rack-1"}}, 409)["error"]["message"],
              "agent 'rack-1' is connected: drain it, stop it, then forget it");
  }
  auto connected = [&] {
    uint64_t count = 0;
    auto answer = ask(client, "agents");
    for (const auto& agent : answer["agents"]) count += agent["connected"] == true;
    return count;
  };
  for (int i = 0; i < 500 && connected() > 0; ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(ask(client, "agent_forget", {{"name", "rack-1"}})["forgotten"], true);
  (void)ask(client, "agent_forget", {{"name", "rack-1"}}, 404);
  (void)ask(client, "agent_forget", {{"name", "rack-2"}}, 409);
  (void)ask(client, "agent_forget", {{"name", "rack-2"}, {"fenced", true}});
  EXPECT_EQ(ask(client, "agents")["agents"].size(), 0u);
  stop();
  EXPECT_EQ(stats_.agents_forgotten, 2u);
  uint64_t kept = 0;
  EXPECT_TRUE(
      Keep(*store_).each_agent_mode([&](const std::string&, const std::string&) { return ++kept > 0; }));
  EXPECT_EQ(kept, 0u) << "nor after a restart";
}

}  // namespace
}  // namespace assay
