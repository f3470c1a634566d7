// The loop keeps records for the sweeper, and takes back what has not begun.
#include "scheduler/ask.h"
#include "scheduler/sweeps/line.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

using nlohmann::json;

class ServerSweepsTest : public ServerTest {
 protected:
  std::string kept(const std::string& key) {
    auto value = store_->get(Family::sweeps, key);
    return value ? *value : "(none)";
  }
};

TEST_F(ServerSweepsTest, RecordsAreOnDiskOnceItIsAnswered) {
  start();
  Socket client = this->client();
  json ops = {{{"key", "s/a"}, {"value", "1"}}, {{"key", "p/run/x"}, {"value", "2"}}};
  EXPECT_EQ(ask(client, ask::kSweepRecords, {{"ops", ops}})["kept"], 2);
  EXPECT_EQ(kept("s/a") + kept("p/run/x"), "12");
  ops = {{{"key", "s/a"}, {"value", nullptr}}, {{"key", "r/a/1"}, {"value", "3"}}};
  ask(client, ask::kSweepRecords, {{"ops", ops}});
  EXPECT_EQ(kept("s/a") + kept("r/a/1"), "(none)3");
}

TEST_F(ServerSweepsTest, ARangeOfOneRunGoesAtOnce) {
  start();
  Socket client = this->client();
  using sweeps::records_body;
  auto say_ops = [&](const std::vector<StoreOp>& ops) {
    return ask(client, ask::kSweepRecords, json::parse(records_body(ops)));
  };
  say_ops({{Family::sweeps, "p/1/a", "x"}, {Family::sweeps, "p/1/b", "y"}, {Family::sweeps, "p/2/a", "z"}});
  say_ops({{Family::sweeps, "p/1/", "", true, "p/10"}});
  EXPECT_EQ(kept("p/1/a") + kept("p/1/b") + kept("p/2/a"), "(none)(none)z");
}

TEST_F(ServerSweepsTest, KeysThatAreNoneOfSweepsAreRefusedAndNothingIsKept) {
  start();
  Socket client = this->client();
  for (json bad : {json{{"key", "x/a"}, {"value", "1"}}, json{{"key", "s/"}, {"value", "1"}},
                   json{{"key", 7}, {"value", "1"}}, json{{"value", "1"}}, json{{"key", "s/b"}},
                   json{{"key", "s/b"}, {"value", 7}}, json("s/b"),
                   json{{"key", "p/1/"}, {"value", nullptr}, {"end", "s/z"}},
                   json{{"key", "p/2/"}, {"value", nullptr}, {"end", "p/1/"}},
                   json{{"key", "p/2/"}, {"value", "1"}, {"end", "p/3/"}},
                   json{{"key", "s/" + std::string(2000, 'k')}, {"value", "1"}}}) {
    json ops = json::array({{{"key", "s/a"}, {"value", "1"}}, bad});
    auto answer = ask(client, ask::kSweepRecords, {{"ops", ops}}, 400);
    EXPECT_NE(answer["error"]["message"].get<std::string>().find("sweep record 1"), std::string::npos)
        << answer << bad;
  }
  ask(client, ask::kSweepRecords, {{"ops", json::array()}}, 400);
  EXPECT_EQ(kept("s/a"), "(none)");
}

TEST_F(ServerSweepsTest, OfABatchOnlyWhatHasNotBegunIsTakenBack) {
  start();
  Socket client = this->client(), worker = agent();
  std::string batch = "20200101T000000-00000000";
  auto in_batch = [&](const std::string& ref) {
    Submission s = of(ref);
    s.batch = batch;
    return submit(client, s);
  };
  std::string runs = in_batch("oci:/tmp/runs");
  want(worker);
  (void)expect<wire::Lease>(worker);
  std::string waits = in_batch("oci:/tmp/waits"), alone = submit(client);
  json order = {{"batch_id", batch}, {"queued", true}};
  EXPECT_EQ(ask(client, ask::kCancel, order)["cancelled"], 1);
  EXPECT_EQ(record(waits).state, ScanState::cancelled);
  EXPECT_EQ(record(runs).state, ScanState::leased);
  EXPECT_EQ(record(alone).state, ScanState::queued);
  EXPECT_EQ(ask(client, ask::kCancel, {{"batch_id", batch}})["cancelled"], 1);
}

}  // namespace
}  // namespace assay
