// Peers of the wire that do what they must not: each is refused with a reason that is counted and logged, and
// an agent that behaves keeps its pace beside them.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <csignal>
#include <deque>
#include <nlohmann/json.hpp>
#include <thread>

#include "scheduler/keep.h"
#include "tests/farm/farm.h"
#include "tests/farm/peer.h"
#include "tests/support.h"

namespace assay::farm {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::chrono::steady_clock;

class HostileWire : public testing::Test {
 protected:
  static constexpr size_t kGood = 20;

  void SetUp() override {
    FarmOptions options;
    options.dir = dir_.path();
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.tenants = {{"acme", 1}};
    options.lease = 2s;
    options.first_delay = 100ms;
    options.agents = {"evil", "gone"};
    for (size_t i = 0; i < kGood; ++i) options.agents.push_back("good-" + std::to_string(i));
    auto farm = Farm::create(std::move(options));
    ASSERT_TRUE(farm) << farm.error().what;
    farm_.emplace(std::move(*farm));
    auto started = farm_->start();
    ASSERT_TRUE(started) << started.error().what << farm_->scheduler().log_text();
    settings_.heartbeat = 500ms;
    settings_.slots = 4;
  }
  void TearDown() override {
    if (!farm_) return;
    EXPECT_TRUE(farm_->scheduler().running()) << farm_->scheduler().log_text();
  }

  Peer listed(const std::string& name) { return Peer(farm_->connect(context_, name)); }

  /// Waits until so many were refused for `reason`, in the metrics and in the log.
  void expect_refused(const std::string& reason, double least = 1) {
    double counted = 0;
    for (auto end = steady_clock::now() + 5s; steady_clock::now() < end; std::this_thread::sleep_for(50ms)) {
      auto value = farm_->metric("assay_refusals_total", "reason=\"" + reason + "\"");
      if (value) counted = *value;
      if (counted >= least) break;
    }
    EXPECT_GE(counted, least) << reason;
    EXPECT_GT(farm_->scheduler().count_in_log("reason=" + reason), 0u) << farm_->scheduler().log_text();
  }

  void submit(size_t jobs, const std::string& name) {
    Json scans = Json::array();
    for (size_t i = 0; i < jobs; ++i)
      scans.push_back(
          {{"ref", SimImage{SimImage::Kind::good, "acme", name + std::to_string(i)}.ref()}, {"fresh", true}});
    auto api = farm_->api("acme");
    auto response = api.call("POST", "/v1/scans", Json{{"scans", std::move(scans)}}.dump());
    ASSERT_TRUE(response) << response.error().what;
    ASSERT_EQ(response->status / 100, 2) << response->body;
  }

  void make_good(size_t count) {
    for (size_t i = 0; i < count; ++i)
      good_.emplace_back("good-" + std::to_string(i), settings_, i,
                         [this](const std::string& agent) { return farm_->connect(context_, agent); });
  }
  /// Lets the good ones work until they have done so many; what they did a second. `beside` is called each
  /// sweep.
  double work(
      size_t jobs, const std::function<void()>& beside = [] {}) {
    size_t done = 0;
    auto begin = steady_clock::now();
    while (done < jobs && steady_clock::now() < begin + 60s) {
      for (auto& agent : good_)
        agent.turn(steady_clock::now(), [&](const SimAgent&, const SimSeen& seen) {
          done += seen.what == SimSeen::What::done_acked;
        });
      beside();
    }
    EXPECT_GE(done, jobs);
    return static_cast<double>(done) / std::chrono::duration<double>(steady_clock::now() - begin).count();
  }

  TempDir dir_;
  std::optional<Farm> farm_;
  Context context_{256};
  SimSettings settings_;
  std::vector<SimAgent> good_;
};

TEST_F(HostileWire, UnlistedKeyIsNotLetIn) {
  auto keys = make_curve_keys();
  ASSERT_TRUE(keys);
  Peer stranger(farm_->connect(context_, *keys));
  EXPECT_FALSE(stranger.welcomed("good-1", 1s));
  expect_refused("unlisted");
}

TEST_F(HostileWire, RevokedKeyEndsTheSessionAndIsNotLetInAgain) {
  Peer peer = listed("gone");
  ASSERT_TRUE(peer.welcomed("gone"));
  ASSERT_TRUE(edit_allow_list(dir_.path() / "keys", [](std::string_view text) {
    return with_revoked(text, "agents", "gone", "2026-01-01");
  }));
  farm_->scheduler().signal(SIGHUP);
  for (auto end = steady_clock::now() + 5s;
       steady_clock::now() < end && farm_->scheduler().count_in_log("event=reloaded") == 0;)
    std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(peer.welcomed("gone", 500ms));
  Peer again = listed("gone");
  EXPECT_FALSE(again.welcomed("gone", 1s));
  expect_refused("revoked");
}

TEST_F(HostileWire, AnotherVersionIsToldSo) {
  Peer peer = listed("evil");
  wire::Hello hello;
  hello.version = hello.newest = wire::kVersion + 1;
  hello.agent_id = "evil";
  peer.say(hello);
  auto refused = peer.hear<wire::Refused>();
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->reason.find("version"), std::string::npos) << refused->reason;
  expect_refused("version");
}

TEST_F(HostileWire, AnotherAgentsNameIsOfNoUse) {
  Peer peer = listed("evil");
  ASSERT_TRUE(peer.welcomed("good-0"));
  auto api = farm_->api();
  auto response = api.call("GET", "/v1/agents");
  ASSERT_TRUE(response) << response.error().what;
  EXPECT_NE(response->body.find("\"evil\""), std::string::npos) << response->body;
  EXPECT_EQ(response->body.find("\"good-0\""), std::string::npos) << response->body;
}

TEST_F(HostileWire, MalformedAndOversizedFramesAreCounted) {
  Peer peer = listed("evil");
  ASSERT_TRUE(peer.welcomed("evil"));
  for (int i = 0; i < 10; ++i) peer.say(std::string(100, static_cast<char>('a' + i)));
  expect_refused("malformed", 10);
  peer.say(std::string(wire::kMaxFrameBytes + 1000, 'x'));
  expect_refused("oversized");
  peer.say(std::string(3 * wire::kMaxFrameBytes, 'x'));  // closes the connection; a new one is made
  EXPECT_TRUE(peer.welcomed("evil", 10s));
}

TEST_F(HostileWire, WhatOnlyOthersMaySayIsRefused) {
  Peer peer = listed("evil");
  ASSERT_TRUE(peer.welcomed("evil"));
  Submission submission;
  submission.job.ref = "oci-archive:/sim/acme/good/x.tar";
  peer.say(wire::Submit{{submission}});
  peer.say(wire::Ask{"queue", "{}"});
  peer.say(wire::Lease{"20261125T031500-1f8a3c9e", 1, submission.job});
  peer.say(wire::Welcome{});
  expect_refused("not_an_agents", 4);
  auto open = farm_->open_scans();
  ASSERT_TRUE(open) << open.error().what;
  EXPECT_EQ(*open, 0u);
}

TEST_F(HostileWire, FramesOfAnOldAttemptChangeNothing) {
  Peer peer = listed("evil");
  ASSERT_TRUE(peer.welcomed("evil"));
  submit(1, "replay-");
  peer.say(wire::Want{1, 1000, uint64_t{4} << 30, ""});
  auto lease = peer.hear<wire::Lease>();
  ASSERT_TRUE(lease);
  std::this_thread::sleep_for(2500ms);  // longer than the lease
  make_good(1);
  work(1);
  ChunkWriter writer;
  Event event;
  event.seq = 1;
  event.path = "/evil";
  writer.add(event);
  wire::Done done{lease->scan_id, lease->attempt, {}, {}};
  done.header.scan_id = lease->scan_id;
  done.header.attempt = lease->attempt;
  done.footer.events = done.footer.chunks = 1;
  ASSERT_TRUE(peer.welcomed("evil"));
  peer.say(wire::Chunk{lease->scan_id, lease->attempt, 0, writer.take()});
  peer.say(done);
  EXPECT_TRUE(peer.hear<wire::Cancel>());
  EXPECT_TRUE(peer.hear<wire::DoneAck>());
  auto stale = farm_->metric("assay_stale_messages_total");
  ASSERT_TRUE(stale) << stale.error().what;
  EXPECT_GE(*stale, 2);
  ASSERT_TRUE(farm_->scheduler().stop(10s));
  {
    auto store = Store::open(farm_->store(), Store::Mode::read_only);
    ASSERT_TRUE(store) << store.error().what;
    Keep keep(**store);
    auto header = keep.header(lease->scan_id);
    ASSERT_TRUE(header) << header.error().what;
    EXPECT_EQ(header->agent_id, "good-0");
    ASSERT_TRUE(keep.each_event(lease->scan_id, [&](const Event& seen) {
      EXPECT_EQ(seen.path, sim_path(lease->scan_id, header->attempt));
    }));
  }
  ASSERT_TRUE(farm_->start());
}

// A TCP connection that speaks something else.
Fd garbage(uint16_t port, size_t bytes) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in addr{};
  addr.sin_family = AF_INET;
  addr.sin_port = htons(port);
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  (void)::connect(fd.get(), reinterpret_cast<sockaddr*>(&addr), sizeof addr);
  std::string text(bytes, 'G');
  (void)::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
  return fd;
}

TEST_F(HostileWire, AGoodAgentKeepsItsPaceBesideAllOfThem) {
  constexpr size_t kJobs = 4000;
  make_good(kGood);
  for (int i = 0; i < 14; ++i) submit(1000, "pace-" + std::to_string(i) + "-");
  work(1000);  // connections and caches are warm
  double before = work(kJobs);

  Peer evil = listed("evil");
  ASSERT_TRUE(evil.welcomed("evil"));
  auto stranger_keys = make_curve_keys();
  ASSERT_TRUE(stranger_keys);
  auto port = static_cast<uint16_t>(std::stoi(farm_->endpoint().substr(farm_->endpoint().rfind(':') + 1)));
  std::deque<Fd> flood;
  std::deque<Peer> strangers;
  uint64_t frames = 0, connections = 0;
  auto next = steady_clock::now();
  double beside = work(kJobs, [&] {
    if (steady_clock::now() < next) return;
    next = steady_clock::now() + 1ms;
    for (int i = 0; i < 5; ++i, ++frames) evil.say(std::string(200, 'x'));
    evil.say(wire::Chunk{"20261125T031500-1f8a3c9e", 7, 0, std::string(1000, 'x')});
    if (++frames % 4 == 0) flood.push_back(garbage(port, 500)), ++connections;
    if (frames % 40 == 0) strangers.emplace_back(farm_->connect(context_, *stranger_keys)), ++connections;
    if (flood.size() > 100) flood.pop_front();
    if (strangers.size() > 20) strangers.pop_front();
  });
  flood.clear();
  strangers.clear();
  double alone = (before + work(kJobs)) / 2;
  std::printf(
      "good agents: %.0f cycles/s alone, %.0f beside %llu hostile frames and %llu connections: ratio %.2f\n",
      alone, beside, static_cast<unsigned long long>(frames), static_cast<unsigned long long>(connections),
      beside / alone);
  expect_refused("malformed", 1);
  auto open = farm_->open_scans();
  ASSERT_TRUE(open) << open.error().what;
}

}  // namespace
}  // namespace assay::farm
