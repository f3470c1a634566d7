// A job's own login on its way through the scheduler: to the agent that pulls, over a restart, and gone with
// the end.
#include "tests/store_check.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

constexpr char kLogin[] = "Basic cm9ib3Q6czNjcmV0LW9mLW9uZS1wdWxs";
constexpr char kBase64[] = "cm9ib3Q6czNjcmV0LW9mLW9uZS1wdWxs";

class ServerLogins : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    config_.seal_key = dir_.path() / "store" / "login.key";
  }
  static Submission with_login() {
    Submission out = of("registry.example/team/app:1");
    out.registry_auth = kLogin;
    out.own_login = true;
    return out;
  }
  bool any_login() {
    auto any = Keep(*store_).any_login();
    return any && *any;
  }
  /// Anywhere below the store's directory.
  bool on_disk(const std::string& text) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_.path())) {
      auto bytes =
          entry.is_regular_file() ? read_file(entry.path().string(), 256 << 20) : Result<std::string>("");
      if (bytes && bytes->find(text) != std::string::npos) return true;
    }
    return false;
  }
};

TEST_F(ServerLogins, GoesToTheAgentOverARestartAndIsGoneWithTheTrace) {
  start();
  Socket client = this->client();
  std::string scan_id = submit(client, with_login());
  EXPECT_TRUE(any_login());
  EXPECT_FALSE(on_disk(kBase64));
  EXPECT_EQ(record(scan_id).submission.registry_auth, "") << "in no record";
  EXPECT_TRUE(record(scan_id).submission.own_login);
  stop();
  start();
  Socket agent = this->agent();
  want(agent);
  auto lease = expect<wire::Lease>(agent);
  EXPECT_EQ(lease.registry_auth, kLogin);
  ship(agent, lease);
  EXPECT_FALSE(any_login());
  Socket other = this->client();
  nlohmann::json refused;
  for (int i = 0; i < 100 && record(scan_id).state != ScanState::done; ++i)
    std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(record(scan_id).state, ScanState::done);
  stop();
  EXPECT_EQ(StoreCheck::dangling(*store_), std::vector<std::string>());
  EXPECT_FALSE(on_disk(kBase64));
}

TEST_F(ServerLogins, IsLeasedAgainAfterAFailureAndGoneWhenCancelled) {
  start();
  Socket client = this->client(), agent = this->agent();
  std::string scan_id = submit(client, with_login());
  want(agent);
  auto lease = expect<wire::Lease>(agent);
  say(agent, wire::Failed{scan_id, lease.attempt, "io", "skopeo failed", 0});
  want(agent);
  EXPECT_EQ(expect<wire::Lease>(agent).registry_auth, kLogin);
  say(client, wire::Cancel{scan_id, 0});
  EXPECT_FALSE(expect<wire::Finished>(client).ok);
  EXPECT_FALSE(any_login());
  auto refused = ask(client, "retry", {{"scan_id", scan_id}}, 409);
  EXPECT_NE(refused.dump().find("login of its own"), std::string::npos) << refused;
  stop();
  EXPECT_EQ(StoreCheck::dangling(*store_), std::vector<std::string>());
}

TEST_F(ServerLogins, WithoutItsKeyTheScanFailsInWords) {
  start();
  Socket client = this->client();
  std::string scan_id = submit(client, with_login());
  stop();
  std::filesystem::remove(config_.seal_key);
  start();
  Socket agent = this->agent();
  want(agent);
  for (int i = 0; i < 100 && record(scan_id).state != ScanState::failed; ++i)
    std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(record(scan_id).state, ScanState::failed);
  EXPECT_NE(record(scan_id).error.find("login"), std::string::npos) << record(scan_id).error;
  EXPECT_FALSE(any_login());
}

TEST_F(ServerLogins, WhatIsNoLoginOrNotForARegistryIsRefusedAndNotShown) {
  start();
  Socket client = this->client();
  auto why = [&](const Submission& submission) {
    say(client, wire::Submit{{submission}, false});
    return expect<wire::Refused>(client).reason;
  };
  Submission bad = with_login();
  bad.registry_auth = "Basic s3cret!";
  EXPECT_EQ(why(bad).find("s3cret"), std::string::npos);
  bad = with_login();
  bad.job.auth_file = "/a";
  EXPECT_NE(why(bad).find("exclude each other"), std::string::npos);
  bad = with_login();
  bad.job.ref = "oci:/tmp/x";
  EXPECT_NE(why(bad).find("images of registries"), std::string::npos);
  bad = with_login();
  bad.registry_auth.clear();
  EXPECT_NE(why(bad).find("which is gone"), std::string::npos);
}

}  // namespace
}  // namespace assay
