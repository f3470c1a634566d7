// Retention in the scheduler's loop: asked for, by itself, beside new scans, with a full disk; and pins.
#include "scheduler/ask.h"
#include "tests/store_check.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

class ServerPrune : public ServerTest {
 protected:
  void retain(const std::vector<std::string>& rules) { config_.retention = *parse_retention(rules); }
  /// A scan of its own image, scored.
  std::string scanned(Socket& client, Socket& agent, char digest = 'a',
                      const std::string& ref = "oci:/tmp/x") {
    Submission submission = of(ref);
    submission.fresh = true;
    std::string id = submit(client, submission);
    want(agent);
    ship(agent, expect<wire::Lease>(agent), digest);
    EXPECT_TRUE(expect<wire::Finished>(client).ok);
    return id;
  }
  /// Until the record says so; retention goes on behind its answer.
  void wait_for_pruned(const std::string& id, uint8_t bits) {
    for (int i = 0; i < 1000 && record(id).pruned != bits; ++i) std::this_thread::sleep_for(milliseconds(20));
    EXPECT_EQ(record(id).pruned, bits);
  }
  std::string dangling() {
    std::string out;
    for (const std::string& line : StoreCheck::dangling(*store_)) out += line + "\n";
    return out;
  }
};

TEST_F(ServerPrune, ADryRunSaysWhatWouldGoAndTakesNothing) {
  retain({"traces=0s"});
  start();
  Socket client = this->client(), agent = this->agent();
  std::string id = scanned(client, agent);
  auto answer = ask(client, ask::kPrune, {{"dry_run", true}});
  EXPECT_EQ(answer["dry_run"], true);
  ASSERT_EQ(answer["kinds"].size(), 1u) << answer;
  EXPECT_EQ(answer["kinds"][0]["kind"], "traces");
  EXPECT_EQ(answer["kinds"][0]["scans"], 1);
  stop();
  EXPECT_EQ(record(id).pruned, 0);
  EXPECT_TRUE(Keep(*store_).each_event(id, [](const Event&) {}));
}

TEST_F(ServerPrune, TakesWhatItIsAskedToAndGoesOnServing) {
  retain({"traces=0s"});
  start();
  Socket client = this->client(), agent = this->agent();
  std::string id = scanned(client, agent);
  EXPECT_EQ(ask(client, ask::kPrune, {{"dry_run", false}})["dry_run"], false);
  wait_for_pruned(id, kTracePruned);
  EXPECT_GT(record(id).report_bytes, 0u);
  EXPECT_EQ(record(id).trace_bytes, 0u);
  scanned(client, agent, 'b');
  stop();
  EXPECT_EQ(dangling(), "");
}

TEST_F(ServerPrune, PrunesByItself) {
  retain({"reports=0s"});
  config_.prune_every = milliseconds(200);
  start();
  Socket client = this->client(), agent = this->agent();
  std::string id = scanned(client, agent);
  wait_for_pruned(id, kArtifactsPruned | kTracePruned | kReportPruned);
  stop();
  EXPECT_EQ(dangling(), "");
}

TEST_F(ServerPrune, AnOperatorsPinKeepsAScanOpenOrEnded) {
  retain({"records=0s"});
  start();
  Socket client = this->client(), agent = this->agent();
  std::string ended = scanned(client, agent), free = scanned(client, agent, 'b');
  std::string open = submit(client);
  for (const std::string& id : {ended, open})
    EXPECT_EQ(ask(client, ask::kPin, {{"scan_id", id}, {"reason", "a case"}})["pinned"], "a case");
  ask(client, ask::kPin, {{"scan_id", "20200101T000000-00000000"}, {"reason", "x"}}, 404);
  ask(client, ask::kPin, {{"scan_id", ended}, {"reason", std::string(501, 'x')}}, 400);
  want(agent);
  ship(agent, expect<wire::Lease>(agent), 'c');
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  EXPECT_EQ(record(open).pinned, "a case");
  ask(client, ask::kPrune, {{"dry_run", false}});
  for (int i = 0; i < 1000 && Keep(*store_).scan(free); ++i) std::this_thread::sleep_for(milliseconds(20));
  EXPECT_FALSE(Keep(*store_).scan(free));
  EXPECT_TRUE(Keep(*store_).report(ended));
  EXPECT_TRUE(Keep(*store_).report(open));
  EXPECT_EQ(ask(client, ask::kPin, {{"scan_id", ended}})["pinned"], "");
  stop();
  EXPECT_EQ(record(ended).pinned, "");
  EXPECT_EQ(dangling(), "");
}

TEST_F(ServerPrune, AResultWhoseReportHasGoneIsNotUsedAgain) {
  retain({"reports=0s"});
  start();
  Socket client = this->client(), agent = this->agent();
  std::string ref = "registry.example/a@sha256:" + std::string(64, 'a');
  std::string first = submit(client, of(ref));
  want(agent);
  ship(agent, expect<wire::Lease>(agent));
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  std::string again = submit(client, of(ref));  // ends with the first one's result
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  EXPECT_EQ(record(again).same_as, first);
  ask(client, ask::kPrune, {{"dry_run", false}});
  wait_for_pruned(first, kArtifactsPruned | kTracePruned | kReportPruned);
  std::string third = submit(client, of(ref));
  want(agent);
  EXPECT_EQ(expect<wire::Lease>(agent).scan_id, third);  // it runs
  stop();
  EXPECT_EQ(dangling(), "");
}

TEST_F(ServerPrune, SaysHowLargeTheStoreIsAndMayBe) {
  config_.retention.budget_bytes = 200ull << 30;
  config_.prune_every = milliseconds(100);
  start();
  Socket client = this->client();
  nlohmann::json queue;
  for (int i = 0; i < 500 && (queue.is_null() || queue["store_bytes"].is_null()); ++i) {
    queue = ask(client, ask::kQueue);
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_GT(queue["store_bytes"].get<uint64_t>(), 0u);
  EXPECT_EQ(queue["store_budget_bytes"], 200ull << 30);
}

}  // namespace
}  // namespace assay
