// The scheduler's loop over a real store and real sockets: a client and an agent that speak the wire by hand.
#include "scheduler/server.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "common/codec.h"
#include "common/fd.h"
#include "common/wire.h"
#include "scheduler/keep.h"
#include "scheduler/score/report.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/assay-server-XXXXXX";
    dir_ = ::mkdtemp(path);
    auto rules = RuleSet::compile({});
    ASSERT_TRUE(rules) << rules.error().what;
    rules_ = std::make_unique<RuleSet>(std::move(*rules));
    open_store();
  }
  void TearDown() override {
    stop();
    store_.reset();
    std::filesystem::remove_all(dir_);
  }
  void open_store() {
    auto store = Store::open(dir_ / "store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    store_ = std::make_unique<Store>(std::move(*store));
  }
  void start(bool resume = true, Queue::Limits limits = {}) {
    stop_ = Fd(::eventfd(0, EFD_CLOEXEC));
    // A new name each time: ZeroMQ gives an inproc name up some time after its socket is closed.
    endpoint_ = "inproc://server-test-" + std::to_string(++starts_);
    ServerConfig config{endpoint_, limits, resume};
    thread_ = std::thread([this, config] {
      auto stats = serve(context_, config, *store_, *rules_, stop_.get());
      if (stats)
        stats_ = *stats;
      else
        ADD_FAILURE() << stats.error().what;
    });
  }
  void stop() {
    if (!thread_.joinable()) return;
    uint64_t one = 1;
    ASSERT_EQ(::write(stop_.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
    thread_.join();
  }
  Socket connect() {
    auto socket = Socket::open(context_, Socket::Type::dealer);
    EXPECT_TRUE(socket->connect(endpoint_));
    return std::move(*socket);
  }
  void say(Socket& socket, const wire::Message& message) { ASSERT_TRUE(socket.send(wire::encode(message))); }
  // The next message of type T; others are passed over.
  template <class T>
  T expect(Socket& socket) {
    for (int i = 0; i < 200; ++i) {
      auto frames = socket.receive();
      if (frames && *frames) {
        auto message = wire::decode((*frames)->back());
        if (!message) ADD_FAILURE() << message.error().what;
        if (message && std::holds_alternative<T>(*message)) return std::get<T>(*message);
        continue;
      }
      std::vector<WaitFor> items{socket};
      EXPECT_TRUE(wait(items, milliseconds(100)));
    }
    ADD_FAILURE() << "no such message within 20 s";
    return {};
  }
  Job job() {
    Job j;
    j.ref = "oci:/tmp/x";
    return j;
  }
  // A chunk with one start event, then the end.
  void ship(Socket& agent, const wire::Lease& lease) {
    ChunkWriter writer;
    Event event;
    event.seq = 1;
    event.kind = EventKind::start;
    event.path = "/bin/true";
    event.argv = {"/bin/true"};
    writer.add(event);
    say(agent, wire::Chunk{lease.scan_id, lease.attempt, 0, writer.take()});
    (void)expect<wire::ChunkAck>(agent);
    TraceHeader header;
    header.scan_id = lease.scan_id;
    header.attempt = lease.attempt;
    header.job = lease.job;
    header.image.digest = "sha256:" + std::string(64, 'a');
    TraceFooter footer;
    footer.events = 1;
    footer.chunks = 1;
    say(agent, wire::Done{lease.scan_id, lease.attempt, header, footer});
    (void)expect<wire::DoneAck>(agent);
  }

  std::filesystem::path dir_;
  int starts_ = 0;
  std::string endpoint_;
  Context context_;
  std::unique_ptr<RuleSet> rules_;
  std::unique_ptr<Store> store_;
  Fd stop_;
  std::thread thread_;
  ServerStats stats_;
};

TEST_F(ServerTest, JobGoesFromClientToAgentAndItsReportComesBack) {
  start();
  Socket client = connect(), agent = connect();
  say(client, wire::Submit{job()});
  std::string scan_id = expect<wire::Accepted>(client).scan_id;
  say(agent, wire::Hello{wire::kVersion, "agent-1"});
  say(agent, wire::Want{1});
  auto lease = expect<wire::Lease>(agent);
  EXPECT_EQ(lease.scan_id, scan_id);
  say(agent, wire::Progress{scan_id, "run", 5000, 7, 0});
  auto progress = expect<wire::Progress>(client);
  EXPECT_EQ(progress.phase, "run");
  ship(agent, lease);
  auto finished = expect<wire::Finished>(client);
  ASSERT_TRUE(finished.ok) << finished.error;
  auto report = parse_report(finished.report);
  ASSERT_TRUE(report) << report.error().what;
  EXPECT_EQ(report->header.scan_id, scan_id);
  stop();
  auto record = Keep(*store_).scan(scan_id);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->state, ScanState::done);
  EXPECT_EQ(stats_.finished, 1u);
}

TEST_F(ServerTest, BadJobIsRefusedWithItsReason) {
  start();
  Socket client = connect();
  Job bad = job();
  bad.duration = milliseconds(5);
  say(client, wire::Submit{bad});
  EXPECT_EQ(expect<wire::Refused>(client).reason, "duration 5 ms is not between 1000 and 3600000 ms");
}

TEST_F(ServerTest, FailureReachesTheClientAndTheStore) {
  start();
  Socket client = connect(), agent = connect();
  say(client, wire::Submit{job()});
  say(agent, wire::Want{1});
  auto lease = expect<wire::Lease>(agent);
  say(agent, wire::Failed{lease.scan_id, lease.attempt, "not_found", "no such image"});
  auto finished = expect<wire::Finished>(client);
  EXPECT_FALSE(finished.ok);
  EXPECT_EQ(finished.error, "no such image");
  stop();
  EXPECT_EQ(Keep(*store_).scan(lease.scan_id)->error, "no such image");
}

TEST_F(ServerTest, SilentAgentLosesItsLeaseAndItsLateResultIsRefused) {
  start(true, {std::chrono::seconds(1), 3});
  Socket client = connect(), lost = connect(), next = connect();
  say(client, wire::Submit{job()});
  say(lost, wire::Want{1});
  auto first = expect<wire::Lease>(lost);
  say(next, wire::Want{1});
  auto second = expect<wire::Lease>(next);
  EXPECT_EQ(second.scan_id, first.scan_id);
  EXPECT_EQ(second.attempt, 2u);
  say(lost, wire::Chunk{first.scan_id, first.attempt, 0, "late"});
  (void)expect<wire::Cancel>(lost);
  ship(next, second);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  stop();
  EXPECT_EQ(stats_.redelivered, 1u);
  EXPECT_EQ(stats_.stale_messages, 1u);
}

TEST_F(ServerTest, AgentCannotShipForALeaseOfAnother) {
  start();
  Socket client = connect(), holder = connect(), other = connect();
  say(client, wire::Submit{job()});
  say(holder, wire::Want{1});
  auto lease = expect<wire::Lease>(holder);
  say(other, wire::Chunk{lease.scan_id, lease.attempt, 0, "forged"});
  EXPECT_EQ(expect<wire::Cancel>(other).scan_id, lease.scan_id);
  say(other, wire::Failed{lease.scan_id, lease.attempt, "io", "forged"});
  (void)expect<wire::DoneAck>(other);
  ship(holder, lease);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  stop();
  EXPECT_EQ(stats_.stale_messages, 2u);
}

TEST_F(ServerTest, TraceThatNamesAnotherScanOrAttemptFails) {
  start();
  Socket client = connect(), agent = connect();
  for (bool other_scan : {true, false}) {
    say(client, wire::Submit{job()});
    say(agent, wire::Want{1});
    auto lease = expect<wire::Lease>(agent);
    TraceHeader header;
    header.scan_id = other_scan ? "20260101T000000-00000000" : lease.scan_id;
    header.attempt = other_scan ? lease.attempt : lease.attempt + 1;
    say(agent, wire::Done{lease.scan_id, lease.attempt, header, {}});
    auto finished = expect<wire::Finished>(client);
    EXPECT_FALSE(finished.ok);
    EXPECT_TRUE(finished.error.starts_with("cannot keep its trace: the header is of scan "))
        << finished.error;
  }
}

TEST_F(ServerTest, CancelOfAFinishedScanChangesNothing) {
  start();
  Socket client = connect(), agent = connect();
  say(client, wire::Submit{job()});
  say(agent, wire::Want{1});
  auto lease = expect<wire::Lease>(agent);
  ship(agent, lease);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  say(client, wire::Cancel{lease.scan_id});
  say(client, wire::Cancel{"20260101T000000-00000000"});
  say(client, wire::Submit{job()});  // answered after the cancels
  (void)expect<wire::Accepted>(client);
  stop();
  EXPECT_EQ(Keep(*store_).scan(lease.scan_id)->state, ScanState::done);
  EXPECT_EQ(stats_.failed, 0u);
}

TEST_F(ServerTest, MalformedFramesAreCountedAndHurtNobody) {
  start();
  Socket client = connect();
  ASSERT_TRUE(client.send("no capnp at all"));
  ASSERT_TRUE(client.send_frames({"two", "frames"}));
  ASSERT_TRUE(client.send(""));
  say(client, wire::Lease{"x", 1, job()});  // only a scheduler says this
  say(client, wire::Submit{job()});
  (void)expect<wire::Accepted>(client);
  stop();
  EXPECT_EQ(stats_.refused_frames, 4u);
}

TEST_F(ServerTest, RestartTakesQueuedJobsUpAgain) {
  start();
  Socket client = connect();
  say(client, wire::Submit{job()});
  std::string scan_id = expect<wire::Accepted>(client).scan_id;
  stop();
  start();
  Socket agent = connect();
  say(agent, wire::Want{1});
  EXPECT_EQ(expect<wire::Lease>(agent).scan_id, scan_id);
}

TEST_F(ServerTest, RestartForOneCommandRecordsOldJobsAsInterrupted) {
  start();
  Socket client = connect();
  say(client, wire::Submit{job()});
  std::string scan_id = expect<wire::Accepted>(client).scan_id;
  stop();
  start(false);
  stop();
  auto record = Keep(*store_).scan(scan_id);
  EXPECT_EQ(record->state, ScanState::failed);
  EXPECT_EQ(record->error, "interrupted: the scan that ran it was ended");
}

TEST_F(ServerTest, CancelReachesTheAgentAndEndsTheJob) {
  start();
  Socket client = connect(), agent = connect();
  say(client, wire::Submit{job()});
  std::string scan_id = expect<wire::Accepted>(client).scan_id;
  say(agent, wire::Want{1});
  (void)expect<wire::Lease>(agent);
  say(client, wire::Cancel{scan_id});
  EXPECT_EQ(expect<wire::Cancel>(agent).scan_id, scan_id);
  EXPECT_EQ(expect<wire::Finished>(client).error, "cancelled");
  stop();
  EXPECT_EQ(Keep(*store_).scan(scan_id)->state, ScanState::cancelled);
}

}  // namespace
}  // namespace assay
