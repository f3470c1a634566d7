// An agent of the version before, by frames that it has recorded (tests/wire/4), before the scheduler of
// today.
#include <map>

#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

const std::string kOne = "20261125T031500-1f8a3c9e", kTwo = "20261125T031501-00000002",
                  kThree = "20261125T031502-00000003";

std::string recorded(const std::string& name) {
  auto frame = read_file(std::string(ASSAY_SOURCE_DIR) + "/tests/wire/4/agent/" + name + ".frame", 1 << 20);
  EXPECT_TRUE(frame) << frame.error().what;
  return frame ? *frame : "";
}

class WireBefore : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    ASSERT_TRUE(Keep(*store_).upgrade());
    const std::map<std::string, std::string> refs = {{kOne, "one"}, {kTwo, "two"}, {kThree, "three"}};
    for (const auto& [id, name] : refs) {
      ScanRecord queued;
      queued.scan_id = id;
      queued.submission = of("oci:/srv/images/" + name);
      auto kept = store_->commit({Keep::submitted(queued)});
      ASSERT_TRUE(kept && (*kept)[0]);
    }
    start();
  }
  static void replay(Socket& agent, const std::string& name) { ASSERT_TRUE(agent.send(recorded(name))); }
};

TEST_F(WireBefore, AgentRunsItsScansFailsOneAndIsFenced) {
  Socket client = this->client(), agent = connect(config_.agents[0]);
  say(client, wire::Watch{});
  (void)ask(client, "agents");  // the watch holds
  replay(agent, "hello");
  auto welcome = expect<wire::Welcome>(agent);
  EXPECT_EQ(wire::versions_text(welcome.oldest, welcome.newest), "4 to 5");
  replay(agent, "want");
  std::set<std::string> leased;
  for (int i = 0; i < 3; ++i) {
    auto lease = expect<wire::Lease>(agent);
    EXPECT_EQ(lease.attempt, 1u);
    leased.insert(lease.scan_id);
  }
  EXPECT_EQ(leased, (std::set<std::string>{kOne, kTwo, kThree}));
  replay(agent, "heartbeat");
  replay(agent, "resolved");
  EXPECT_EQ(expect<wire::Proceed>(agent).scan_id, kOne);
  replay(agent, "progress");
  replay(agent, "chunk-0");
  EXPECT_EQ(expect<wire::ChunkAck>(agent).index, 0u);
  replay(agent, "chunk-1");
  EXPECT_EQ(expect<wire::ChunkAck>(agent).index, 1u);
  replay(agent, "done");
  EXPECT_EQ(expect<wire::DoneAck>(agent).scan_id, kOne);
  wire::Notice notice;
  do {
    notice = expect<wire::Notice>(client);
  } while (!HasFailure() && !(notice.scan_id == kOne && notice.state == "done"));
  replay(agent, "failed");
  EXPECT_EQ(expect<wire::DoneAck>(agent).scan_id, kTwo);
  replay(agent, "fenced");
  nlohmann::json agents;
  for (int i = 0; i < 200; ++i) {
    agents = ask(client, "agents")["agents"];
    if (agents[0]["mode"] == "fenced") break;
  }
  EXPECT_EQ(agents[0]["name"], "rack-4");
  EXPECT_EQ(agents[0]["wire"], 4);
  EXPECT_EQ(agents[0]["platforms"].size(), 2u);
  EXPECT_EQ(agents[0]["fenced_by"]["scan_id"], kThree);
  stop();
  auto report = Keep(*store_).report(kOne);
  ASSERT_TRUE(report) << report.error().what;
  auto parsed = parse_report(*report);
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_EQ(record(kOne).digest, "sha256:" + std::string(64, 'a'));
  uint64_t events = 0;
  EXPECT_TRUE(Keep(*store_).each_event(kOne, [&](const Event&) { ++events; }));
  EXPECT_EQ(events, 2u);
  EXPECT_EQ(record(kTwo).error, "no such image: oci:/srv/images/two");
  EXPECT_TRUE(stats_.refused.empty());
}

TEST_F(WireBefore, FramesThatWereRecordedSayWhatTheySaidThen) {
  auto hello = wire::decode(recorded("hello"));
  ASSERT_TRUE(hello && std::holds_alternative<wire::Hello>(*hello));
  const auto& said = std::get<wire::Hello>(*hello);
  EXPECT_EQ(said.version, 4u);
  EXPECT_EQ(said.newest, 4u) << "from before there were ranges";
  EXPECT_EQ(said.platforms, (std::vector<std::string>{"linux/amd64", "linux/amd64/v2"}));
  auto failed = wire::decode(recorded("failed"));
  ASSERT_TRUE(failed && std::holds_alternative<wire::Failed>(*failed));
  EXPECT_EQ(std::get<wire::Failed>(*failed).code, "not_found");
}

TEST(WireVersions, BothSidesSpeakTheNewestThatBothKnow) {
  EXPECT_EQ(wire::common_version(4, 4), 4u);
  EXPECT_EQ(wire::common_version(4, 5), 5u);
  EXPECT_EQ(wire::common_version(5, 6), 5u);
  EXPECT_EQ(wire::common_version(6, 7), 0u);
  EXPECT_EQ(wire::common_version(2, 3), 0u);
  EXPECT_EQ(wire::common_version(3, 4), 4u);
  EXPECT_EQ(wire::common_version(0, ~0u), 5u);
  EXPECT_EQ(wire::versions_text(4, 4), "4");
}

}  // namespace
}  // namespace assay
