// What a scheduler finds when it starts, equal jobs, results used again, and a store without room.
#include <atomic>

#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

TEST_F(ServerTest, RestartTakesQueuedJobsUpAgain) {
  start();
  std::string scan_id;
  {
    Socket client = this->client();
    scan_id = submit(client);
  }
  stop();
  start();
  Socket agent = this->agent();
  want(agent);
  EXPECT_EQ(expect<wire::Lease>(agent).scan_id, scan_id);
}

TEST_F(ServerTest, RestartLeavesLeasesWithTheirAgents) {
  start();
  wire::Lease lease;
  {
    Socket client = this->client(), agent = this->agent("a", "i1");
    submit(client);
    want(agent);
    lease = expect<wire::Lease>(agent);
    say(agent, wire::Chunk{lease.scan_id, lease.attempt, 0, chunk()});
    (void)expect<wire::ChunkAck>(agent);
  }
  stop();
  start();
  Socket agent = connect(config_.agents[0]);
  say(agent, done(lease));
  (void)expect<wire::Who>(agent);
  say(agent, wire::Hello{wire::kVersion, "a", "i1", kVersion, {1, 1000, 1 << 30}, {{lease.scan_id, 1}}, {}});
  say(agent, done(lease));
  (void)expect<wire::DoneAck>(agent);
  stop();
  EXPECT_EQ(stats_.redelivered, 0u);
  EXPECT_GE(record(lease.scan_id).state, ScanState::shipped);
}

TEST_F(ServerTest, RestartForOneCommandRecordsOldJobsAsInterrupted) {
  start();
  std::string scan_id;
  {
    Socket client = this->client();
    scan_id = submit(client);
  }
  stop();
  config_.resume_jobs = false;
  start();
  stop();
  EXPECT_EQ(record(scan_id).state, ScanState::failed);
  EXPECT_EQ(record(scan_id).error, "interrupted: the scan that ran it was ended");
}

TEST_F(ServerTest, EqualJobsInFlightRunOnceAndShareTheResult) {
  start();
  Socket client = this->client(), agent = this->agent();
  std::string first = submit(client, of("nginx")),
              second = submit(client, of("docker.io/library/nginx:latest"));
  Submission fresh = of("nginx");
  fresh.fresh = true;
  want(agent, 4);
  auto lease = expect<wire::Lease>(agent);
  EXPECT_EQ(lease.scan_id, first);
  std::string third = submit(client, fresh);
  auto own = expect<wire::Lease>(agent);
  EXPECT_EQ(own.scan_id, third);
  ship(agent, lease);
  std::set<std::string> ended{expect<wire::Finished>(client).scan_id, expect<wire::Finished>(client).scan_id};
  EXPECT_EQ(ended, (std::set<std::string>{first, second}));
  stop();
  EXPECT_EQ(record(second).state, ScanState::done);
  EXPECT_EQ(record(second).same_as, first);
  EXPECT_EQ(stats_.coalesced, 1u);
  auto report = Keep(*store_).report(second);
  ASSERT_TRUE(report);
  EXPECT_EQ(*report, *Keep(*store_).report(first));
}

TEST_F(ServerTest, WhenALeaderIsCancelledTheNextOneRuns) {
  start();
  Socket client = this->client(), agent = this->agent();
  std::string first = submit(client, of("nginx")), second = submit(client, of("nginx")),
              third = submit(client, of("nginx"));
  say(client, wire::Cancel{first, 0});
  (void)expect<wire::Finished>(client);
  want(agent, 4);
  auto lease = expect<wire::Lease>(agent);
  EXPECT_EQ(lease.scan_id, second);
  ship(agent, lease);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  stop();
  EXPECT_EQ(record(third).same_as, second);
}

TEST_F(ServerTest, FollowersFindTheirLeaderAgainAfterARestart) {
  start();
  std::string first, second;
  {
    Socket client = this->client();
    first = submit(client, of("nginx"));
    second = submit(client, of("nginx"));
  }
  stop();
  start();
  Socket client = this->client(), agent = this->agent();
  say(client, wire::Watch{second, ""});
  want(agent, 4);
  auto lease = expect<wire::Lease>(agent);
  EXPECT_EQ(lease.scan_id, first);
  ship(agent, lease);
  EXPECT_EQ(expect<wire::Notice>(client).state, "done");
}

TEST_F(ServerTest, ResultIsUsedAgainByItsDigestUnlessFresh) {
  start();
  Socket client = this->client(), agent = this->agent();
  std::string digest = "@sha256:" + std::string(64, 'a');
  std::string first = submit(client, of("nginx" + digest));
  want(agent, 1);
  ship(agent, expect<wire::Lease>(agent));
  (void)expect<wire::Finished>(client);
  // Named by digest: no agent is needed. Named by tag: as soon as an agent knows what it means.
  std::string by_digest = submit(client, of("nginx" + digest));
  EXPECT_EQ(expect<wire::Finished>(client).scan_id, by_digest);
  std::string by_tag = submit(client, of("nginx:1.27"));
  want(agent, 1);
  auto lease = expect<wire::Lease>(agent);
  say(agent, wire::Resolved{lease.scan_id, lease.attempt, digest.substr(1)});
  EXPECT_EQ(expect<wire::Cancel>(agent).scan_id, by_tag);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  Submission fresh = of("nginx" + digest);
  fresh.fresh = true;
  submit(client, fresh);
  want(agent, 1);
  lease = expect<wire::Lease>(agent);
  say(agent, wire::Resolved{lease.scan_id, lease.attempt, digest.substr(1)});
  (void)expect<wire::Proceed>(agent);
  stop();
  EXPECT_EQ(record(by_digest).same_as, first);
  EXPECT_EQ(record(by_tag).same_as, first);
  EXPECT_EQ(stats_.reused, 2u);
}

TEST_F(ServerTest, ResultsOfAnotherProfileAreNotUsed) {
  start();
  Socket client = this->client(), agent = this->agent();
  std::string digest = "@sha256:" + std::string(64, 'a');
  submit(client, of("nginx" + digest));
  want(agent, 1);
  ship(agent, expect<wire::Lease>(agent));
  (void)expect<wire::Finished>(client);
  Submission longer = of("nginx" + digest);
  longer.job.duration *= 2;
  std::string second = submit(client, longer);
  want(agent, 1);
  EXPECT_EQ(expect<wire::Lease>(agent).scan_id, second);
}

// A real store whose disk is full when told.
class FillingStore : public Store {
 public:
  explicit FillingStore(std::unique_ptr<Store> real) : real_(std::move(real)) {}
  std::atomic<bool> full = false;

  Result<std::vector<Status>> commit(const std::vector<StoreBatch>& group) override {
    if (full) return Error{Errc::no_space, "the disk is full"};
    return real_->commit(group);
  }
  Result<std::string> get(Family family, std::string_view key) const override {
    return real_->get(family, key);
  }
  Status scan(Family family, std::string_view prefix, bool reverse,
              const std::function<bool(std::string_view, std::string_view)>& visit,
              std::string_view start) const override {
    return real_->scan(family, prefix, reverse, visit, start);
  }
  Result<uint64_t> free_bytes() const override { return full ? 0 : real_->free_bytes(); }
  Result<FamilyBytes> bytes(Family family) const override { return real_->bytes(family); }
  Result<uint64_t> disk_bytes() const override { return real_->disk_bytes(); }
  Status give_back(const std::vector<KeyRange>& ranges) override { return real_->give_back(ranges); }
  Status checkpoint(const std::filesystem::path& dir) const override { return real_->checkpoint(dir); }

 private:
  std::unique_ptr<Store> real_;
};

// Submissions are refused, what is under way is kept back, and goes on.
TEST_F(ServerTest, FullDiskRefusesSubmissionsAndKeepsTheRestUntilThereIsRoom) {
  auto filling = std::make_unique<FillingStore>(std::move(store_));
  FillingStore& disk = *filling;
  store_ = std::move(filling);
  start();
  Socket client = this->client(), agent = this->agent();
  std::string scan_id = submit(client);
  want(agent);
  auto lease = expect<wire::Lease>(agent);
  disk.full = true;
  say(agent, wire::Chunk{lease.scan_id, lease.attempt, 0, chunk()});
  say(client, wire::Submit{{of("nginx")}, false});
  EXPECT_EQ(expect<wire::Refused>(client).code, "no_space");
  ask(client, "cancel", {{"scan_id", scan_id}}, 507);
  ask(client, "agents");  // questions are answered
  disk.full = false;
  (void)expect<wire::ChunkAck>(agent);
  say(agent, done(lease));
  (void)expect<wire::DoneAck>(agent);
  EXPECT_TRUE(expect<wire::Finished>(client).ok);
  submit(client, of("nginx"));
  stop();
  EXPECT_EQ(stats_.stalls, 1u);
}

TEST_F(ServerTest, BelowItsReserveTheDiskIsFullForSubmissionsOnly) {
  config_.reserve_bytes = ~0ull;
  start();
  Socket client = this->client();
  say(client, wire::Submit{{of("nginx")}, false});
  EXPECT_EQ(expect<wire::Refused>(client).code, "no_space");
}

}  // namespace
}  // namespace assay
