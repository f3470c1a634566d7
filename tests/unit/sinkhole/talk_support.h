// What the tests of conversations share: a scene, and a client that says things to a Talk and keeps what it
// heard and what was told of it.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/talk.h"
#include "common/text.h"

namespace assay::sinkhole {

inline constexpr int64_t kNowNs = 1'700'000'000'000'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT

inline lure::Lures some_lures() {
  lure::Lures lures;
  lures.seed.fill(7);
  return lures;
}

inline void give_authority(Scene& scene) {
  auto pem = lure::Authority::create();
  ASSERT_TRUE(pem);
  auto authority = lure::Authority::load(pem->cert, pem->key);
  ASSERT_TRUE(authority);
  scene.authority.emplace(std::move(*authority));
  auto server = TlsServer::open(*scene.authority);
  ASSERT_TRUE(server);
  scene.tls_server.emplace(std::move(*server));
}

inline Peer peer_at(uint16_t port, const std::string& host = "evil.example", bool tls = false) {
  return {Address::v4(0xac110002), Address::v4(0xc6120307), 40000, port, host, "", tls};
}

struct Client {
  Client(Scene& scene, Peer peer) : talk(std::move(peer), scene) {}
  std::string say(std::string_view bytes) { return talk.hear(bytes, now_ns, told); }
  std::string wait() { return talk.silence(now_ns, told); }
  /// One line a report: "app method path data", bytes escaped.
  std::string reports() const {
    std::string out;
    for (const Report& report : told)
      out += report.app + " " + report.method + " " + printable(report.path) + " " + printable(report.data) +
             "\n";
    return out;
  }
  Talk talk;
  std::vector<Report> told;
  int64_t now_ns = kNowNs;
};

/// Says it whole and cut in two at every byte: the answers and the reports are the same. Returns the answers.
/// `greeted`: after having waited for the server's greeting.
inline std::string same_in_any_split(uint16_t port, std::string_view bytes, bool greeted = false,
                                     std::string* reports = nullptr) {
  auto run = [&](size_t cut) {
    Scene scene(some_lures());
    Client client(scene, peer_at(port));
    std::string out = greeted ? client.wait() : "";
    out += client.say(bytes.substr(0, cut));
    out += client.say(bytes.substr(cut));
    return std::pair(out + (client.talk.closing() ? "<closed>" : ""), client.reports());
  };
  auto whole = run(bytes.size());
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    auto split = run(cut);
    EXPECT_EQ(split.first, whole.first) << "cut at " << cut;
    EXPECT_EQ(split.second, whole.second) << "cut at " << cut;
    if (split != whole) break;
  }
  if (reports) *reports = whole.second;
  return whole.first;
}

/// Says it with bytes changed and cut at random, in `rounds` fresh connections: whatever comes, answers and
/// reports stay bounded. Returns in how many of them there was an answer.
inline int stays_bounded(uint16_t port, std::string_view bytes, bool greeted, int rounds = 5000) {
  std::minstd_rand random(7);
  int answered = 0;
  Scene scene(some_lures());
  for (int round = 0; round < rounds; ++round) {
    std::string input(bytes);
    for (auto i = random() % 6; i > 0; --i) input[random() % input.size()] = static_cast<char>(random());
    if (random() % 4 == 0) input.erase(random() % input.size(), random() % 8);
    Client client(scene, peer_at(port));
    size_t heard = greeted ? client.wait().size() : 0;
    for (size_t at = 0; at < input.size();) {
      size_t step = 1 + random() % 60;
      heard += client.say(std::string_view(input).substr(at, step)).size();
      at += step;
    }
    EXPECT_LE(heard, 64 * input.size() + 4096);
    EXPECT_LE(client.told.size(), 120u);
    for (const Report& report : client.told) EXPECT_LE(report.data.size(), kMaxDataBytes);
    if (testing::Test::HasFailure()) break;
    answered += heard > 0;
  }
  return answered;
}

}  // namespace assay::sinkhole
