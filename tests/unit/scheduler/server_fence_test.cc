// Agents that fence themselves: their other leases go elsewhere at once, the trace of the hit is taken,
// nothing else, and the image that did it is not passed on.
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

class ServerFence : public ServerTest {
 protected:
  static constexpr const char* kReason = "exec by a stranger";
  static wire::Fenced fenced(const wire::Lease& lease) { return {lease.scan_id, lease.attempt, kReason}; }
  nlohmann::json only_agent(Socket& client) {
    auto all = ask(client, "agents");
    for (const auto& agent : all["agents"])
      if (agent["name"] == "hit") return agent;
    ADD_FAILURE() << "no such agent";
    return {};
  }
  // What was said before has been heard once this is answered.
  void settle(Socket& client) { (void)ask(client, "queue"); }
  static void expect_lost(const wire::Finished& finished, const std::string& how) {
    EXPECT_FALSE(finished.ok);
    EXPECT_EQ(finished.error,
              "it hit the guard of its sandbox, and its agent hit was fenced (exec by a "
              "stranger); its trace was lost: " +
                  how + ". It is not run again by itself");
  }
};

TEST_F(ServerFence, ItsOtherScansRunElsewhereAndTheTraceOfTheHitIsTaken) {
  start();
  Socket client = this->client(), hit = agent("hit"), other = agent("other");
  submit(client);
  std::string second = submit(client);
  want(hit, 2);
  auto bad = expect<wire::Lease>(hit), innocent = expect<wire::Lease>(hit);
  ASSERT_EQ(innocent.scan_id, second);
  want(other);
  say(hit, fenced(bad));
  EXPECT_EQ(expect<wire::Cancel>(hit).scan_id, innocent.scan_id);
  auto again = expect<wire::Lease>(other);
  EXPECT_EQ(again.scan_id, innocent.scan_id);
  EXPECT_EQ(again.attempt, 2u);
  EXPECT_EQ(record(second).failures, 0u) << "the image is not to blame";
  EXPECT_EQ(record(second).error, "its agent hit was fenced");
  say(hit, done(innocent));
  (void)expect<wire::DoneAck>(hit);
  say(hit, fenced(bad));  // again and again
  ship(hit, bad);
  auto first = expect<wire::Finished>(client);
  EXPECT_TRUE(first.ok);
  EXPECT_EQ(first.scan_id, bad.scan_id);
  ship(other, again);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  // And then nothing more.
  want(hit, 2);
  submit(client);
  auto shown = only_agent(client);
  EXPECT_EQ(shown["mode"], "fenced");
  EXPECT_EQ(shown["fenced_by"],
            (nlohmann::json{{"scan_id", bad.scan_id}, {"attempt", 1}, {"reason", kReason}}));
  EXPECT_EQ(shown["leases"].size(), 0u);
  want(other);
  EXPECT_EQ(expect<wire::Lease>(other).attempt, 1u);
  stop();
  EXPECT_EQ(stats_.stale_messages, 1u);
  EXPECT_EQ(stats_.redelivered, 1u);
}

TEST_F(ServerFence, OnlyUnfenceEndsItAndTheAgentIsTold) {
  start();
  wire::Lease bad;
  {
    Socket client = this->client(), hit = agent("hit");
    submit(client);
    want(hit);
    bad = expect<wire::Lease>(hit);
    say(hit, fenced(bad));
    settle(client);
    ask(client, "agent_mode", {{"name", "hit"}, {"mode", "drain"}}, 409);
    ask(client, "agent_mode", {{"name", "hit"}, {"mode", "undrain"}}, 409);
    ask(client, "agent_mode", {{"name", "hit"}, {"mode", "fence"}});
    EXPECT_EQ(only_agent(client)["leases"].size(), 1u) << "the trace of the hit is still waited for";
  }
  stop();
  start();
  Socket client = this->client(), hit = agent("hit", "i2", {{bad.scan_id, bad.attempt}});
  EXPECT_EQ(only_agent(client)["fenced_by"]["scan_id"], bad.scan_id);
  EXPECT_EQ(only_agent(client)["fenced_by"]["reason"], kReason);
  ship(hit, bad);
  EXPECT_EQ(ask(client, "agent_mode", {{"name", "hit"}, {"mode", "unfence"}})["mode"], "active");
  auto told = expect<wire::Unfence>(hit);
  EXPECT_EQ(told.scan_id, bad.scan_id);
  EXPECT_EQ(told.attempt, bad.attempt);
  EXPECT_TRUE(only_agent(client)["fenced_by"].is_null());
  submit(client);
  want(hit);
  (void)expect<wire::Lease>(hit);
}

TEST_F(ServerFence, AnAgentThatMissedItsUnfencingIsToldOverARestart) {
  start();
  wire::Fenced word;
  {
    Socket client = this->client(), hit = agent("hit");
    submit(client);
    want(hit);
    auto bad = expect<wire::Lease>(hit);
    say(hit, word = fenced(bad));
    ship(hit, bad);
    (void)expect<wire::Finished>(client);
    ask(client, "agent_mode", {{"name", "hit"}, {"mode", "unfence"}});
    ask(client, "agent_mode", {{"name", "hit"}, {"mode", "drain"}});
  }
  stop();
  start();
  Socket client = this->client(), hit = agent("hit", "i2");
  say(hit, word);
  EXPECT_EQ(expect<wire::Unfence>(hit).scan_id, word.scan_id);
  EXPECT_EQ(only_agent(client)["mode"], "draining");
  // Another hit is another fencing.
  word.attempt = 9;
  say(hit, word);
  // Two connections: which of them is heard first is not said.
  auto mode = [&] { return only_agent(client)["mode"].get<std::string>(); };
  for (int i = 0; i < 1000 && mode() != "fenced"; ++i) settle(client);
  EXPECT_EQ(mode(), "fenced");
}

TEST_F(ServerFence, AHitWithoutATraceIsNotPassedOnToTheNextAgent) {
  start();
  Socket client = this->client(), hit = agent("hit"), other = agent("other");
  submit(client);
  want(hit);
  auto bad = expect<wire::Lease>(hit);
  want(other);
  say(hit, fenced(bad));
  say(hit, wire::Failed{bad.scan_id, bad.attempt, "no_space", "the spool is full", 0});
  expect_lost(expect<wire::Finished>(client), "the spool is full");
  // An operator may, and the agent's repeated word does not take it away again.
  EXPECT_EQ(ask(client, "retry", {{"scan_id", bad.scan_id}})["scan_id"], bad.scan_id);
  say(hit, fenced(bad));
  auto again = expect<wire::Lease>(other);
  EXPECT_EQ(again.scan_id, bad.scan_id);
  say(hit, fenced(bad));
  ship(other, again);
  settle(client);
  EXPECT_EQ(record(bad.scan_id).attempt, 2u);
}

TEST_F(ServerFence, AHitOfAnAgentThatFallsSilentEndsItsScan) {
  config_.limits.lease = milliseconds(1500);
  start();
  Socket client = this->client(), hit = agent("hit");
  submit(client);
  want(hit);
  say(hit, fenced(expect<wire::Lease>(hit)));
  expect_lost(expect<wire::Finished>(client), "its agent hit fell silent");
}

TEST_F(ServerFence, AHitWhoseAgentDiedBeforeItCouldSaySoEndsItsScan) {
  config_.limits.first_delay = milliseconds(60'000);
  start();
  Socket client = this->client(), dead = agent("hit", "i1");
  submit(client);
  want(dead);
  auto bad = expect<wire::Lease>(dead);
  Socket risen = agent("hit", "i2");  // its half trace is gone
  say(risen, fenced(bad));
  expect_lost(expect<wire::Finished>(client), "its agent ended during the scan");
}

TEST_F(ServerFence, AnAgentFencesNobodyElseAndNothingThatItDoesNotHold) {
  start();
  Socket client = this->client(), honest = agent("honest"), hit = agent("hit");
  submit(client);
  want(honest);
  auto lease = expect<wire::Lease>(honest);
  say(hit, wire::Fenced{lease.scan_id, lease.attempt, std::string(5000, '\n')});
  settle(client);
  auto shown = only_agent(client);
  EXPECT_EQ(shown["mode"], "fenced");
  EXPECT_EQ(shown["fenced_by"]["reason"].get<std::string>().find('\n'), std::string::npos);
  ship(honest, lease);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
}

TEST_F(ServerFence, TheFarmOfOneCommandForgetsIt) {
  config_.resume_jobs = false;
  start();
  {
    Socket client = this->client(), hit = agent("hit");
    submit(client);
    want(hit);
    auto bad = expect<wire::Lease>(hit);
    say(hit, fenced(bad));
    ship(hit, bad);
    EXPECT_TRUE(expect<wire::Finished>(client).ok);
    EXPECT_EQ(only_agent(client)["mode"], "fenced");
  }
  stop();
  start();
  Socket client = this->client(), hit = agent("hit");
  EXPECT_EQ(only_agent(client)["mode"], "active");
}

}  // namespace
}  // namespace assay
