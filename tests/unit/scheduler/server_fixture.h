// The scheduler's loop over a real store and real sockets: clients and agents that speak the wire by hand.
#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <thread>

#include "common/codec.h"
#include "common/fd.h"
#include "common/version.h"
#include "common/wire.h"
#include "scheduler/keep.h"
#include "scheduler/score/report.h"
#include "scheduler/server.h"
#include "tests/support.h"

namespace assay {

class ServerTest : public testing::Test {
 protected:
  using milliseconds = std::chrono::milliseconds;

  void SetUp() override {
    auto rules = RuleSet::compile({});
    ASSERT_TRUE(rules) << rules.error().what;
    rules_ = std::make_unique<RuleSet>(std::move(*rules));
    auto store = Store::open(dir_.path() / "store", Store::Mode::read_write);
    ASSERT_TRUE(store) << store.error().what;
    store_ = std::move(*store);
    config_.limits.first_delay = milliseconds(50);
    config_.policy.affinity_wait = milliseconds(0);
    config_.reserve_bytes = 0;
  }
  void TearDown() override { stop(); }

  void start() {
    auto stop = make_event();
    ASSERT_TRUE(stop);
    stop_ = std::move(*stop);
    // New names each time: ZeroMQ gives an inproc name up some time after its socket is closed.
    std::string number = std::to_string(++starts_);
    config_.agents = {"inproc://agents-" + number};
    config_.clients = "inproc://clients-" + number;
    thread_ = std::thread([this, config = config_] {
      auto stats = serve(context_, config, *store_, *rules_, stop_.get());
      if (stats)
        stats_ = *stats;
      else
        ADD_FAILURE() << stats.error().what;
    });
  }
  void stop() {
    if (!thread_.joinable()) return;
    raise_event(stop_.get());
    thread_.join();
  }

  Socket connect(const std::string& endpoint) {
    auto socket = Socket::open(context_, Socket::Type::dealer);
    EXPECT_TRUE(socket->connect(endpoint));
    return std::move(*socket);
  }
  Socket client() { return connect(config_.clients); }
  /// Says Hello and is welcomed.
  Socket agent(const std::string& name = "agent-1", const std::string& instance = "i1",
               std::vector<wire::Held> held = {}) {
    Socket socket = connect(config_.agents[0]);
    say(socket,
        wire::Hello{wire::kVersion, name, instance, kVersion, {4, 4000, 16ull << 30}, std::move(held), {}});
    (void)expect<wire::Welcome>(socket);
    return socket;
  }
  static void want(Socket& agent, uint32_t credit = 1) {
    say(agent, wire::Want{credit, 4000, 16ull << 30, ""});
  }

  static void say(Socket& socket, const wire::Message& message) {
    ASSERT_TRUE(socket.send(wire::encode(message)));
  }
  /// The next message of type T; others are passed over.
  template <class T>
  static T expect(Socket& socket) {
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
  nlohmann::json ask(Socket& client, std::string_view op,
                     const nlohmann::json& body = nlohmann::json::object(), uint32_t status = 200) {
    say(client, wire::Ask{std::string(op), body.dump()});
    auto answer = expect<wire::Answer>(client);
    EXPECT_EQ(answer.status, status) << answer.body;
    return nlohmann::json::parse(answer.body);
  }

  static Submission of(const std::string& ref) {
    Submission submission;
    submission.job.ref = ref;
    return submission;
  }
  /// Submitted and followed by `client`; its id.
  std::string submit(Socket& client, const Submission& submission = of("oci:/tmp/x")) {
    say(client, wire::Submit{{submission}, true});
    auto accepted = expect<wire::Accepted>(client);
    EXPECT_EQ(accepted.scan_ids.size(), 1u);
    return accepted.scan_ids.empty() ? "" : accepted.scan_ids[0];
  }
  static std::string chunk() {
    ChunkWriter writer;
    Event event;
    event.seq = 1;
    event.kind = EventKind::start;
    event.path = "/bin/true";
    event.argv = {"/bin/true"};
    writer.add(event);
    return writer.take();
  }
  static wire::Done done(const wire::Lease& lease, char digest = 'a') {
    wire::Done out;
    out.scan_id = out.header.scan_id = lease.scan_id;
    out.attempt = out.header.attempt = lease.attempt;
    out.header.job = lease.job;
    out.header.tracer_version = kVersion;
    out.header.image.digest = "sha256:" + std::string(64, digest);
    out.footer.events = out.footer.chunks = 1;
    return out;
  }
  /// A chunk with one start event, then the end; both acknowledged.
  static void ship(Socket& agent, const wire::Lease& lease, char digest = 'a') {
    say(agent, wire::Chunk{lease.scan_id, lease.attempt, 0, chunk()});
    (void)expect<wire::ChunkAck>(agent);
    say(agent, done(lease, digest));
    (void)expect<wire::DoneAck>(agent);
  }
  static void ship_with_artifacts(Socket& agent, const wire::Lease& lease,
                                  const std::vector<std::string>& pieces) {
    wire::Done end = done(lease);
    say(agent, wire::Chunk{lease.scan_id, lease.attempt, 0, chunk()});
    (void)expect<wire::ChunkAck>(agent);
    for (const std::string& piece : pieces) {
      uint32_t index = 1 + end.footer.artifact_chunks++;
      say(agent, wire::Chunk{lease.scan_id, lease.attempt, index, encode_artifact_piece(piece)});
      (void)expect<wire::ChunkAck>(agent);
    }
    end.footer.artifacts.push_back({"/tmp/x", "0001_x", std::string(64, 'f'), 6});
    say(agent, end);
    (void)expect<wire::DoneAck>(agent);
  }
  ScanRecord record(const std::string& scan_id) {
    auto kept = Keep(*store_).scan(scan_id);
    EXPECT_TRUE(kept) << kept.error().what;
    return kept ? *kept : ScanRecord();
  }

  TempDir dir_;
  ServerConfig config_;
  int starts_ = 0;
  Context context_;
  std::unique_ptr<RuleSet> rules_;
  std::unique_ptr<Store> store_;
  Fd stop_;
  std::thread thread_;
  ServerStats stats_;
};

}  // namespace assay
