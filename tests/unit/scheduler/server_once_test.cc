// A submission with a key is taken once, whatever is sent again and whoever dies in between.
#include "scheduler/ask.h"
#include "tests/store_check.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

Submission keyed(const std::string& key, const std::string& tenant = "team-a") {
  Submission out;
  out.job.ref = "oci:/tmp/x";
  out.once = key;
  out.tenant = tenant;
  return out;
}

class ServerOnce : public ServerTest {
 protected:
  wire::Accepted send(Socket& client, std::vector<Submission> submissions) {
    say(client, wire::Submit{std::move(submissions), false});
    return expect<wire::Accepted>(client);
  }
  size_t kept() {
    size_t count = 0;
    EXPECT_TRUE(Keep(*store_).each_scan([&](const ScanRecord&) { return ++count, true; }));
    return count;
  }
};

TEST_F(ServerOnce, TheSameKeyAgainIsAnsweredWithTheScanThatIsThere) {
  start();
  Socket client = this->client();
  auto first = send(client, {keyed("a")});
  auto again = send(client, {keyed("b"), keyed("a"), keyed("")});
  EXPECT_TRUE(first.taken.empty());
  ASSERT_EQ(again.scan_ids.size(), 3u);
  EXPECT_EQ(again.scan_ids[1], first.scan_ids[0]);
  EXPECT_EQ(again.taken, std::vector<uint32_t>{1});
  stop();
  EXPECT_EQ(kept(), 3u);
  EXPECT_EQ(stats_.submitted, 3u);
  EXPECT_TRUE(StoreCheck::dangling(*store_).empty());
}

TEST_F(ServerOnce, AKeyTwiceInOneMessageIsOneScan) {
  start();
  Socket client = this->client();
  auto accepted = send(client, {keyed("a"), keyed("a"), keyed("a", "team-b")});
  ASSERT_EQ(accepted.scan_ids.size(), 3u);
  EXPECT_EQ(accepted.scan_ids[0], accepted.scan_ids[1]);
  EXPECT_NE(accepted.scan_ids[0], accepted.scan_ids[2]) << "another tenant's key is another";
  EXPECT_EQ(accepted.taken, std::vector<uint32_t>{1});
  stop();
  EXPECT_EQ(kept(), 2u);
}

// Both are staged before anything is written: many clients' messages make one turn.
TEST_F(ServerOnce, AKeyInTwoMessagesOfOneTurnIsOneScan) {
  start();
  std::vector<Socket> clients;
  for (int i = 0; i < 16; ++i) clients.push_back(this->client());
  for (Socket& client : clients) say(client, wire::Submit{{keyed("a"), keyed("b")}, false});
  std::set<std::vector<std::string>> answers;
  size_t fresh = 0;
  for (Socket& client : clients) {
    auto accepted = expect<wire::Accepted>(client);
    answers.insert(accepted.scan_ids);
    fresh += 2 - accepted.taken.size();
  }
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(fresh, 2u);
  stop();
  EXPECT_EQ(kept(), 2u);
}

// The answer is lost with the scheduler; who asks again finds what was kept.
TEST_F(ServerOnce, AKeyOutlivesTheSchedulerAndTheScansEnd) {
  start();
  std::string scan_id;
  {
    Socket client = this->client();
    scan_id = send(client, {keyed("a")}).scan_ids[0];
  }
  stop();
  start();
  {
    Socket client = this->client(), agent = this->agent();
    EXPECT_EQ(send(client, {keyed("a")}).scan_ids[0], scan_id);
    want(agent);
    auto lease = expect<wire::Lease>(agent);
    say(agent, wire::Failed{lease.scan_id, lease.attempt, "not_found", "no such image", 0});
    (void)expect<wire::DoneAck>(agent);
    EXPECT_EQ(send(client, {keyed("a")}).scan_ids[0], scan_id);
    (void)ask(client, ::assay::ask::kRetry, {{"scan_id", scan_id}});
    EXPECT_EQ(send(client, {keyed("a")}).scan_ids[0], scan_id);
  }
  stop();
  EXPECT_EQ(kept(), 1u);
  EXPECT_EQ(record(scan_id).submission.once, "a");
  EXPECT_TRUE(StoreCheck::dangling(*store_).empty());
}

// What the kill cut off before it was written is not there, and its key neither.
TEST_F(ServerOnce, AMessageOfWhichNothingWasWrittenIsTakenAnew) {
  config_.reserve_bytes = UINT64_MAX;  // as on a full disk
  start();
  {
    Socket client = this->client();
    say(client, wire::Submit{{keyed("a")}, false});
    EXPECT_EQ(expect<wire::Refused>(client).code, "no_space");
  }
  stop();
  config_.reserve_bytes = 0;
  start();
  Socket client = this->client();
  EXPECT_TRUE(send(client, {keyed("a")}).taken.empty());
}

TEST_F(ServerOnce, WhoFollowsASubmissionTakenBeforeIsToldOfItsEnd) {
  start();
  Socket client = this->client(), agent = this->agent();
  std::string scan_id = send(client, {keyed("a")}).scan_ids[0];
  Socket other = this->client();
  EXPECT_EQ(submit(other, keyed("a")), scan_id);
  want(agent);
  ship(agent, expect<wire::Lease>(agent));
  EXPECT_EQ(expect<wire::Finished>(other).scan_id, scan_id);
  Socket late = this->client();
  EXPECT_EQ(submit(late, keyed("a")), scan_id);
  EXPECT_TRUE(expect<wire::Finished>(late).ok);
}

TEST_F(ServerOnce, AKeyThatIsTooLongOrNoTextIsRefused) {
  start();
  Socket client = this->client();
  say(client, wire::Submit{{keyed("a\nb")}, false});
  EXPECT_EQ(expect<wire::Refused>(client).reason,
            "oci:/tmp/x: the key in 'once' has a backslash, a control character or bytes that are no UTF-8");
}

}  // namespace
}  // namespace assay
