// One job from client to agent and back, and what becomes of it when somebody fails.
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

TEST_F(ServerTest, JobGoesFromClientToAgentAndItsReportComesBack) {
  start();
  Socket client = this->client();
  std::string scan_id = submit(client);
  Socket agent = this->agent();
  want(agent);
  auto lease = expect<wire::Lease>(agent);
  EXPECT_EQ(lease.scan_id, scan_id);
  say(agent, wire::Progress{scan_id, "run", 5000, 7, 0, lease.attempt});
  EXPECT_EQ(expect<wire::Progress>(client).phase, "run");
  ship(agent, lease);
  auto finished = expect<wire::Finished>(client);
  ASSERT_TRUE(finished.ok) << finished.error;
  auto report = parse_report(finished.report);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->header.scan_id, scan_id);
  stop();
  EXPECT_EQ(record(scan_id).state, ScanState::done);
  EXPECT_EQ(record(scan_id).agent, "agent-1");
  EXPECT_EQ(stats_.finished, 1u);
}

TEST_F(ServerTest, BadJobIsRefusedWithItsReasonAndTakesTheOthersWithIt) {
  start();
  Socket client = this->client();
  Submission bad = of("oci:/tmp/x");
  bad.job.duration = milliseconds(5);
  say(client, wire::Submit{{of("nginx"), bad}, false});
  EXPECT_EQ(expect<wire::Refused>(client).reason, "scan 1: duration 5 ms is not between 1000 and 3600000 ms");
  stop();
  EXPECT_EQ(stats_.submitted, 0u);
}

TEST_F(ServerTest, AThousandAreAcceptedAtOnceWithAnIdEach) {
  start();
  Socket client = this->client();
  say(client, wire::Submit{std::vector<Submission>(wire::kMaxSubmissions, of("oci:/tmp/x")), false});
  auto accepted = expect<wire::Accepted>(client);
  EXPECT_EQ(std::set<std::string>(accepted.scan_ids.begin(), accepted.scan_ids.end()).size(),
            wire::kMaxSubmissions);
}

TEST_F(ServerTest, MoreThanTheLimitIsRefusedAsLimit) {
  config_.open_limit = 1;
  start();
  Socket client = this->client();
  submit(client);
  say(client, wire::Submit{{of("nginx")}, false});
  EXPECT_EQ(expect<wire::Refused>(client).code, "limit");
}

TEST_F(ServerTest, ImagesFaultIsFinal) {
  start();
  Socket client = this->client(), agent = this->agent();
  submit(client);
  want(agent);
  auto lease = expect<wire::Lease>(agent);
  say(agent, wire::Failed{lease.scan_id, lease.attempt, "not_found", "no such image", 0});
  (void)expect<wire::DoneAck>(agent);
  auto finished = expect<wire::Finished>(client);
  EXPECT_FALSE(finished.ok);
  EXPECT_EQ(finished.error, "no such image");
  stop();
  EXPECT_EQ(record(lease.scan_id).error, "no such image");
  EXPECT_EQ(record(lease.scan_id).error_code, "not_found");
}

TEST_F(ServerTest, HostsFaultIsTriedAgainUntilTheLimitAndThenKeepsItsReason) {
  start();
  Socket client = this->client(), agent = this->agent();
  submit(client);
  for (uint32_t attempt = 1; attempt <= 3; ++attempt) {
    want(agent);
    auto lease = expect<wire::Lease>(agent);
    EXPECT_EQ(lease.attempt, attempt);
    say(agent, wire::Failed{lease.scan_id, lease.attempt, "no_space", "disk full on agent-1", 0});
    (void)expect<wire::DoneAck>(agent);
  }
  EXPECT_EQ(expect<wire::Finished>(client).error, "disk full on agent-1; given up after 3 failed attempts");
}

TEST_F(ServerTest, WithoutRetriesEveryFaultIsFinal) {
  config_.retry = false;
  start();
  Socket client = this->client(), agent = this->agent();
  submit(client);
  want(agent);
  auto lease = expect<wire::Lease>(agent);
  say(agent, wire::Failed{lease.scan_id, lease.attempt, "no_space", "disk full", 0});
  EXPECT_EQ(expect<wire::Finished>(client).error, "disk full");
}

TEST_F(ServerTest, HandedBackJobGoesOnAtOnceAndDoesNotCount) {
  start();
  Socket client = this->client(), first = this->agent("a"), second = this->agent("b");
  submit(client);
  for (int i = 0; i < 5; ++i) {
    Socket& agent = i % 2 ? second : first;
    want(agent);
    auto lease = expect<wire::Lease>(agent);
    say(agent, wire::Want{0, 0, 0, "stopping"});
    say(agent, wire::Failed{lease.scan_id, lease.attempt, "cancelled", "the agent stops", 0});
  }
  want(first);
  auto lease = expect<wire::Lease>(first);
  EXPECT_EQ(lease.attempt, 6u);
  ship(first, lease);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
}

TEST_F(ServerTest, BusyRegistryIsLeftAloneByTheWholeFarm) {
  start();
  Socket client = this->client(), one = this->agent("a"), other = this->agent("b");
  submit(client, of("registry.example/app:1"));
  want(one);
  auto lease = expect<wire::Lease>(one);
  say(one, wire::Failed{lease.scan_id, lease.attempt, "busy", "429", 600'000});
  (void)expect<wire::DoneAck>(one);
  want(other, 2);
  submit(client, of("registry.example/other:1"));
  std::string elsewhere = submit(client, of("elsewhere.example/app:1"));
  EXPECT_EQ(expect<wire::Lease>(other).scan_id, elsewhere);
}

TEST_F(ServerTest, LeasesThatHaveNotAskedABusyRegistryYetComeBack) {
  start();
  Socket client = this->client(), one = this->agent("a"), other = this->agent("b"), third = this->agent("c");
  std::string first = submit(client, of("registry.example/app:1"));
  want(one);
  auto busy = expect<wire::Lease>(one);
  std::string second = submit(client, of("registry.example/app:2"));
  want(other);
  auto waits = expect<wire::Lease>(other);
  submit(client, of("registry.example/app:3"));
  want(third);
  auto knows = expect<wire::Lease>(third);
  say(third, wire::Resolved{knows.scan_id, knows.attempt, "sha256:" + std::string(64, 'c')});
  (void)expect<wire::Proceed>(third);
  say(one, wire::Failed{busy.scan_id, busy.attempt, "busy", "429", 2000});
  auto told = std::chrono::steady_clock::now();
  auto back = expect<wire::Cancel>(other);
  EXPECT_EQ(back.scan_id, second);
  EXPECT_EQ(back.attempt, waits.attempt);
  for (const std::string& id : {first, second}) {
    auto why = ask(client, "explain", {{"scan_id", id}})["waits"][0];
    EXPECT_NE(why["text"].get<std::string>().find("registry.example asked to be left alone for"),
              std::string::npos)
        << why;
  }
  ship(third, knows, 'c');  // it goes on
  want(other, 2);
  auto again = expect<wire::Lease>(other);
  EXPECT_GE(std::chrono::steady_clock::now() - told, milliseconds(1900));
  EXPECT_EQ(again.attempt, 2u);
  (void)expect<wire::Lease>(other);
}

TEST_F(ServerTest, ARegistryThatASweepFoundBusyIsLeftAloneByTheAgents) {
  start();
  Socket client = this->client(), agent = this->agent();
  want(agent, 2);
  EXPECT_EQ(ask(client, "registry_busy", {{"registry", "registry.example"}, {"ms", 600'000}}),
            nlohmann::json::object());
  std::string held = submit(client, of("registry.example/app:1"));
  std::string elsewhere = submit(client, of("elsewhere.example/app:1"));
  EXPECT_EQ(expect<wire::Lease>(agent).scan_id, elsewhere);
  auto why = ask(client, "explain", {{"scan_id", held}})["waits"][0];
  EXPECT_EQ(why["text"].get<std::string>().substr(0, 50), "registry.example asked to be left alone for 599 s")
      << why;
  ask(client, "registry_busy", {{"registry", ""}, {"ms", 1}}, 400);
  ask(client, "registry_busy", {{"registry", std::string(1000, 'x')}, {"ms", 1}}, 400);
  ask(client, "registry_busy", {{"registry", "registry.example"}, {"ms", -1}}, 400);
  ask(client, "registry_busy", {{"registry", "registry.example"}}, 400);
}

TEST_F(ServerTest, TheFarmSaysItsRulesAndWhatItsAgentsRun) {
  start();
  Socket client = this->client();
  auto farm = ask(client, "farm");
  EXPECT_EQ(farm["rules_version"], rules_->version());
  EXPECT_TRUE(farm["platforms"].empty());
  Socket intel = connect(config_.agents[0]);
  say(intel,
      wire::Hello{wire::kVersion, "intel", "i1", kVersion, {4, 4000, 16ull << 30}, {}, {}, {"linux/amd64"}});
  (void)expect<wire::Welcome>(intel);
  EXPECT_EQ(ask(client, "farm")["platforms"], nlohmann::json({"linux/amd64"}));
  EXPECT_EQ(ask(client, "agents")["agents"][0]["platforms"], nlohmann::json({"linux/amd64"}));
  Submission arm = of("registry.example/app:1");
  arm.job.platform = "linux/arm64/v8";
  std::string id = submit(client, arm);
  want(intel);
  std::string why;  // what comes over two connections comes in no order
  for (int i = 0; i < 200 && !why.starts_with("no agent"); ++i)
    why = ask(client, "explain", {{"scan_id", id}})["waits"][0]["text"].get<std::string>();
  EXPECT_EQ(why, "no agent for linux/arm64 is connected that takes work");
  arm.job.platform = "windows/amd64";
  say(client, wire::Submit{{arm}, false});
  EXPECT_EQ(expect<wire::Refused>(client).reason,
            "platform 'windows/amd64': only images for linux can be run");
}

TEST_F(ServerTest, SilentAgentLosesItsLeaseAndItsLateResultIsRefused) {
  config_.limits.lease = milliseconds(2000);
  start();
  Socket client = this->client(), lost = this->agent("lost");
  submit(client);
  want(lost);
  auto first = expect<wire::Lease>(lost);
  std::this_thread::sleep_for(milliseconds(2200));  // the lease's length is real time here
  Socket next = this->agent("next");
  want(next);
  auto second = expect<wire::Lease>(next);
  EXPECT_EQ(second.scan_id, first.scan_id);
  EXPECT_EQ(second.attempt, 2u);
  ship(next, second);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  say(lost,
      wire::Hello{wire::kVersion, "lost", "i1", kVersion, {1, 1000, 1 << 30}, {{first.scan_id, 1}}, {}});
  say(lost, wire::Chunk{first.scan_id, first.attempt, 0, "late"});
  EXPECT_EQ(expect<wire::Cancel>(lost).attempt, 1u);
  say(lost, done(first));
  (void)expect<wire::DoneAck>(lost);
  stop();
  EXPECT_EQ(stats_.redelivered, 1u);
  EXPECT_EQ(stats_.stale_messages, 2u);
  EXPECT_EQ(stats_.finished, 1u);
  EXPECT_EQ(record(first.scan_id).attempt, 2u);
}

TEST_F(ServerTest, AgentCannotShipForALeaseOfAnother) {
  start();
  Socket client = this->client(), holder = this->agent("holder"), other = this->agent("other");
  submit(client);
  want(holder);
  auto lease = expect<wire::Lease>(holder);
  say(other, wire::Chunk{lease.scan_id, lease.attempt, 0, "forged"});
  EXPECT_EQ(expect<wire::Cancel>(other).scan_id, lease.scan_id);
  say(other, wire::Failed{lease.scan_id, lease.attempt, "io", "forged", 0});
  (void)expect<wire::DoneAck>(other);
  say(other, done(lease));
  (void)expect<wire::DoneAck>(other);
  ship(holder, lease);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  stop();
  EXPECT_EQ(stats_.stale_messages, 3u);
}

TEST_F(ServerTest, ReplayedMessagesChangeNothing) {
  start();
  Socket client = this->client(), agent = this->agent();
  submit(client);
  want(agent);
  auto lease = expect<wire::Lease>(agent);
  for (int i = 0; i < 3; ++i) say(agent, wire::Chunk{lease.scan_id, lease.attempt, 0, chunk()});
  for (int i = 0; i < 3; ++i) (void)expect<wire::ChunkAck>(agent);
  for (int i = 0; i < 3; ++i) say(agent, done(lease));
  for (int i = 0; i < 3; ++i) (void)expect<wire::DoneAck>(agent);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  say(agent, wire::Failed{lease.scan_id, lease.attempt, "io", "replayed", 0});
  (void)expect<wire::DoneAck>(agent);
  say(agent, wire::Chunk{lease.scan_id, lease.attempt, 0, "replayed"});
  (void)expect<wire::Cancel>(agent);
  stop();
  EXPECT_EQ(stats_.finished, 1u);
  EXPECT_EQ(stats_.failed, 0u);
  EXPECT_EQ(record(lease.scan_id).state, ScanState::done);
}

TEST_F(ServerTest, TraceThatNamesAnotherScanOrAttemptFails) {
  start();
  Socket client = this->client(), agent = this->agent();
  for (bool other_scan : {true, false}) {
    submit(client);
    want(agent);
    auto lease = expect<wire::Lease>(agent);
    wire::Done lie = done(lease);
    lie.header.scan_id = other_scan ? "20260101T000000-00000000" : lease.scan_id;
    lie.header.attempt = other_scan ? lease.attempt : lease.attempt + 1;
    say(agent, lie);
    auto finished = expect<wire::Finished>(client);
    EXPECT_FALSE(finished.ok);
    EXPECT_TRUE(finished.error.starts_with("its agent sent the header of scan ")) << finished.error;
  }
}

TEST_F(ServerTest, CancelReachesTheAgentAndEndsTheJob) {
  start();
  Socket client = this->client(), agent = this->agent();
  std::string scan_id = submit(client);
  want(agent);
  (void)expect<wire::Lease>(agent);
  say(client, wire::Cancel{scan_id, 0});
  EXPECT_EQ(expect<wire::Cancel>(agent).scan_id, scan_id);
  EXPECT_EQ(expect<wire::Finished>(client).error, "cancelled");
  stop();
  EXPECT_EQ(record(scan_id).state, ScanState::cancelled);
}

TEST_F(ServerTest, CancelOfAFinishedScanChangesNothing) {
  start();
  Socket client = this->client(), agent = this->agent();
  std::string scan_id = submit(client);
  want(agent);
  ship(agent, expect<wire::Lease>(agent));
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  say(client, wire::Cancel{scan_id, 0});
  say(client, wire::Cancel{"20260101T000000-00000000", 0});
  ask(client, "cancel", {{"scan_id", scan_id}}, 409);
  ask(client, "cancel", {{"scan_id", "20260101T000000-00000000"}}, 404);
  stop();
  EXPECT_EQ(record(scan_id).state, ScanState::done);
}

TEST_F(ServerTest, FailedScanIsRetriedUnderANewAttempt) {
  start();
  Socket client = this->client(), agent = this->agent();
  std::string scan_id = submit(client);
  want(agent);
  auto lease = expect<wire::Lease>(agent);
  say(agent, wire::Failed{lease.scan_id, lease.attempt, "not_found", "no such image", 0});
  (void)expect<wire::Finished>(client);
  ask(client, "retry", {{"scan_id", scan_id}});
  ask(client, "retry", {{"scan_id", scan_id}}, 409);
  want(agent);
  auto again = expect<wire::Lease>(agent);
  EXPECT_EQ(again.scan_id, scan_id);
  EXPECT_EQ(again.attempt, 2u);
  ship(agent, again);
  say(client, wire::Watch{scan_id, ""});
  while (ask(client, "queue")["scoring"] != 0 || record(scan_id).state == ScanState::shipped) {
  }
  EXPECT_EQ(record(scan_id).state, ScanState::done);
  ask(client, "retry", {{"scan_id", scan_id}}, 409);
}

}  // namespace
}  // namespace assay
