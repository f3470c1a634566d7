// Sweeps by the API: who may do what, what is refused, and what is on disk once it is answered. The sweeper and
// the loop are real; the registry is one that nobody has started.
#include "scheduler/sweeps/records.h"
#include "scheduler/sweeps/sweeper.h"
#include "tests/unit/scheduler/api_fixture.h"
#include "tests/unit/scheduler/server_fixture.h"

namespace assay {
namespace {

class ApiSweepsTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    start_all();
  }
  void TearDown() override {
    stop_all();
    ServerTest::TearDown();
  }
  void start_all() {
    start();
    sweeps::SweeperConfig config;
    config.clients = config_.clients;
    config.endpoint = "inproc://sweeps-" + std::to_string(starts_);
    config.workers = 2;
    config.retry_delay = milliseconds(10);
    auto sweeper = sweeps::Sweeper::start(context_, config, *store_, metrics_);
    ASSERT_TRUE(sweeper) << sweeper.error().what;
    sweeper_.emplace(std::move(*sweeper));
    api_.emplace(context_, *store_, config_.clients,
                 [&](api::ApiConfig& api) { api.sweeps = config.endpoint; });
  }
  void stop_all() {
    api_.reset();
    sweeper_.reset();
    stop();
  }
  static std::string spec(const std::string& name, const Json& more = Json::object()) {
    Json out = {{"name", name}, {"sources", {{{"registry", "127.0.0.1:1"}, {"insecure", true}}}}};
    out.update(more);
    return out.dump();
  }
  Json sweep(const std::string& name) { return api_->json(200, "GET", "/v1/sweeps/" + name, "read"); }
  /// Until no run is under way.
  void wait_ended(const std::string& name) {
    for (int i = 0; i < 400 && !sweep(name)["running"].is_null(); ++i)
      std::this_thread::sleep_for(milliseconds(50));
    EXPECT_TRUE(sweep(name)["running"].is_null());
  }

  Metrics metrics_;
  std::optional<sweeps::Sweeper> sweeper_;
  std::optional<ApiHarness> api_;
};

TEST_F(ApiSweepsTest, ASweepIsKeptChangedAndRemovedByItsTenantOrAnOperator) {
  EXPECT_EQ(api_->json(201, "POST", "/v1/sweeps", "ci", spec("a"))["name"], "a");
  EXPECT_EQ(api_->error(409, "POST", "/v1/sweeps", "ci", spec("a")).substr(0, 9), "conflict:");
  EXPECT_EQ(sweeps::Records(*store_).sweep("a")->tenant, "ci");
  EXPECT_EQ(sweep("a")["sources"], Json::array({"127.0.0.1:1"}));
  for (auto [method, path] : {std::pair{"PUT", ""}, {"DELETE", ""}, {"POST", "/run"}, {"POST", "/pause"}})
    EXPECT_EQ(api_->error(403, method, std::string("/v1/sweeps/a") + path, "other", spec("a")).substr(0, 7),
              "denied:")
        << method;
  api_->json(200, "PUT", "/v1/sweeps/a", "operate", spec("a", {{"schedule", "0 4 * * *"}}));
  Json changed = sweep("a");
  EXPECT_EQ(changed["schedule"], "0 4 * * *");
  EXPECT_EQ(changed["tenant"], "ci");
  EXPECT_TRUE(changed["next_due_s"].is_number());
  EXPECT_EQ(api_->error(400, "PUT", "/v1/sweeps/a", "ci", spec("b")).substr(0, 13), "invalid: name");
  api_->json(200, "DELETE", "/v1/sweeps/a", "ci");
  EXPECT_EQ(api_->json(200, "GET", "/v1/sweeps", "read")["sweeps"], Json::array());
}

TEST_F(ApiSweepsTest, WhatIsWrongWithASpecIsNamed) {
  EXPECT_NE(api_->error(400, "POST", "/v1/sweeps", "ci", spec("a", {{"schedule", "61 * * * *"}})).find("minute"),
            std::string::npos);
  EXPECT_NE(api_->error(400, "POST", "/v1/sweeps", "ci", spec("a", {{"colour", "red"}})).find("colour"),
            std::string::npos);
  api_->error(400, "POST", "/v1/sweeps", "ci", "[]");
  api_->error(404, "PUT", "/v1/sweeps/none", "ci", spec("none"));
  api_->error(404, "GET", "/v1/sweeps/none/report", "read");
}

TEST_F(ApiSweepsTest, ARunOfARegistryThatIsNotThereEndsAndSaysWhy) {
  api_->json(201, "POST", "/v1/sweeps", "ci", spec("a"));
  auto run_id = api_->json(200, "POST", "/v1/sweeps/a/run", "ci")["run_id"].get<std::string>();
  wait_ended("a");
  Json run = api_->json(200, "GET", "/v1/sweeps/a/runs", "read")["runs"][0];
  EXPECT_EQ(run["run_id"], run_id);
  EXPECT_EQ(run["state"], "done");
  EXPECT_EQ(run["why"], "by hand");
  EXPECT_EQ(run["listed_all"], false);
  ASSERT_EQ(run["trouble"].size(), 1u);
  EXPECT_NE(run["trouble"][0].get<std::string>().find("127.0.0.1:1"), std::string::npos);
  EXPECT_EQ(Keep(*store_).batch(run_id)->tenant, "ci");
  api_->error(404, "GET", "/v1/sweeps/a/report?run=20200101T000000-00000000", "read");
  api_->error(400, "GET", "/v1/sweeps/a/report?format=pdf", "read");
}

TEST_F(ApiSweepsTest, WhilePausedNothingRunsAndThatOutlivesARestart) {
  api_->json(201, "POST", "/v1/sweeps", "ci", spec("a", {{"schedule", "* * * * *"}}));
  EXPECT_EQ(api_->json(200, "POST", "/v1/sweeps/a/pause", "ci")["paused"], true);
  EXPECT_NE(api_->error(409, "POST", "/v1/sweeps/a/run", "ci").find("paused"), std::string::npos);
  stop_all();
  start_all();
  Json paused = sweep("a");
  EXPECT_EQ(paused["paused"], true);
  EXPECT_TRUE(paused["next_due_s"].is_null());
  EXPECT_EQ(api_->json(200, "POST", "/v1/sweeps/a/resume", "ci")["paused"], false);
  EXPECT_TRUE(sweep("a")["next_due_s"].is_number());
}

TEST_F(ApiSweepsTest, ASecondRunWaitsForTheFirstAndARemovedSweepStopsIt) {
  // It takes the first try's timeout at most: nobody answers, and nobody refuses.
  api_->json(201, "POST", "/v1/sweeps", "ci",
             spec("a", {{"sources", {{{"registry", "192.0.2.1:5000"}, {"insecure", true}}}}}));
  api_->json(200, "POST", "/v1/sweeps/a/run", "ci");
  EXPECT_EQ(sweep("a")["run"]["state"], "listing");
  EXPECT_NE(api_->error(409, "POST", "/v1/sweeps/a/run", "ci").find("under way"), std::string::npos);
  api_->json(200, "DELETE", "/v1/sweeps/a", "ci");
  size_t left = 0;
  EXPECT_TRUE(store_->scan(Family::sweeps, "", false, [&](auto, auto) { return ++left, true; }));
  EXPECT_EQ(left, 0u);
}

}  // namespace
}  // namespace assay
