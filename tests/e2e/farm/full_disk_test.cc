// Full disks: of the scheduler, whose agents are simulated, and of an agent. Nothing crashes, nothing is
// lost, and all goes on when there is room again.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "scheduler/keep.h"
#include "tests/e2e/assay.h"
#include "tests/farm/farm.h"
#include "tests/farm/small_disk.h"

namespace assay::e2e {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::chrono::steady_clock;

constexpr size_t kAgents = 10;

std::string body(size_t jobs, const std::string& name) {
  Json scans = Json::array();
  for (size_t i = 0; i < jobs; ++i)
    scans.push_back(
        {{"ref", farm::SimImage{farm::SimImage::Kind::good, "acme", name + std::to_string(i)}.ref()},
         {"fresh", true}});
  return Json{{"scans", std::move(scans)}}.dump();
}

class SchedulersDisk : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEED(::geteuid() == 0, "root");
    auto disk = farm::SmallDisk::mount(dir_.path() / "data", 256 << 20);
    ASSERT_TRUE(disk) << disk.error().what;
    disk_.emplace(std::move(*disk));
    farm::FarmOptions options;
    options.dir = dir_.path();
    options.data = dir_.path() / "data" / "store";
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.tenants = {{"acme", 1}};
    options.config = {"reserve = 32M"};
    for (size_t i = 0; i < kAgents; ++i) options.agents.push_back("sim-" + std::to_string(i));
    auto farm = farm::Farm::create(std::move(options));
    ASSERT_TRUE(farm) << farm.error().what;
    farm_.emplace(std::move(*farm));
    auto started = farm_->start();
    ASSERT_TRUE(started) << started.error().what << farm_->scheduler().log_text();
    settings_.endpoint = farm_->endpoint();
    settings_.run = 100ms;
    settings_.resend = 500ms;
    for (const auto& name : farm_->options().agents)
      agents_.emplace_back(name, settings_, agents_.size(),
                           [this](const std::string& agent) { return farm_->connect(context_, agent); });
  }

  int post(size_t jobs, const std::string& name) {
    auto api = farm_->api("acme");
    auto response = api.call("POST", "/v1/scans", body(jobs, name));
    if (!response) return 0;
    if (response->status / 100 == 2) accepted_ += jobs;
    last_ = response->body;
    return response->status;
  }

  /// Lets the agents work until `reached`, or the time is up.
  bool work(steady_clock::duration time, const std::function<bool()>& reached) {
    for (auto end = steady_clock::now() + time; steady_clock::now() < end;) {
      for (auto& agent : agents_)
        agent.turn(steady_clock::now(), [this](const farm::SimAgent&, const farm::SimSeen& seen) {
          done_ += seen.what == farm::SimSeen::What::done_acked;
        });
      if (reached()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  TempDir dir_;
  std::optional<farm::SmallDisk> disk_;
  std::optional<farm::Farm> farm_;
  farm::SimSettings settings_;
  Context context_{64};
  std::vector<farm::SimAgent> agents_;
  size_t accepted_ = 0, done_ = 0;
  std::string last_;
};

TEST_F(SchedulersDisk, FullRefusesSubmissionsWith507AndGoesOnWhenThereIsRoom) {
  if (IsSkipped()) return;
  ASSERT_EQ(post(400, "before-") / 100, 2) << last_;
  ASSERT_TRUE(work(20s, [&] { return done_ >= 50; }));
  ASSERT_TRUE(disk_->fill());
  EXPECT_EQ(post(1000, "full-"), 507) << last_;
  EXPECT_NE(last_.find("space"), std::string::npos) << last_;

  // What is acknowledged is on disk; the rest is kept back by the agents, who go on asking.
  work(5s, [] { return false; });
  size_t stood_at = done_;
  work(3s, [] { return false; });
  EXPECT_LT(done_, accepted_);
  EXPECT_LE(done_ - stood_at, 20u);
  ASSERT_TRUE(farm_->scheduler().running()) << farm_->scheduler().log_text();
  EXPECT_EQ(post(1, "full-too-"), 507) << last_;
  auto api = farm_->api("acme");
  auto read = api.call("GET", "/v1/scans?limit=1");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->status, 200);

  disk_->empty();
  ASSERT_TRUE(work(20s, [&] { return post(100, "after-") / 100 == 2; })) << last_;
  EXPECT_TRUE(work(60s, [&] { return done_ >= accepted_; })) << done_ << " of " << accepted_;
  EXPECT_TRUE(work(20s, [&] {  // every trace scored
    auto open = farm_->open_scans();
    return open && *open == 0;
  }));
  auto code = farm_->scheduler().stop(20s);
  ASSERT_TRUE(code) << code.error().what;
  EXPECT_EQ(*code, 0);
  auto store = Store::open(farm_->store(), Store::Mode::read_only);
  ASSERT_TRUE(store) << store.error().what;
  std::map<std::string, size_t> states;
  ASSERT_TRUE(Keep(**store).each_scan([&](const ScanRecord& record) {
    ++states[to_string(record.state)];
    return true;
  }));
  EXPECT_EQ(states, (std::map<std::string, size_t>{{"done", accepted_}}));
}

TEST(AgentsDisk, FullTakesNoLeasesAndSaysWhyAndGoesOnWhenThereIsRoom) {
  ASSAY_NEEDS_HOST();
  TempDir dir;
  auto disk = farm::SmallDisk::mount(dir.path() / "agent", uint64_t{4} << 30);
  ASSERT_TRUE(disk) << disk.error().what;
  ASSERT_TRUE(disk->fill(1 << 20));
  farm::FarmOptions options;
  options.dir = dir.path();
  options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
  options.tenants = {{"acme", 1}};
  options.agents = {"agent-1"};
  auto farm = farm::Farm::create(std::move(options));
  ASSERT_TRUE(farm) << farm.error().what;
  ASSERT_TRUE(farm->start());
  auto argv = farm->agent_argv("agent-1", dir.path() / "agent", 1);
  ASSERT_TRUE(argv) << argv.error().what;
  farm::Daemon agent(*argv, dir.path() / "agent.log");
  ASSERT_TRUE(agent.start());

  auto look = [&] {
    auto api = farm->api();
    auto response = api.call("GET", "/v1/agents");
    if (!response || response->status != 200) return Json();
    auto json = Json::parse(response->body, nullptr, false);
    return json["agents"].empty() ? Json() : json["agents"][0];
  };
  auto await = [&](const std::function<bool(const Json&)>& wanted) {
    for (auto end = steady_clock::now() + 40s; steady_clock::now() < end; std::this_thread::sleep_for(200ms))
      if (auto seen = look(); seen.is_object() && wanted(seen)) return true;
    return false;
  };
  EXPECT_TRUE(await([](const Json& seen) {
    return seen.value("credit", -1) == 0 && seen.value("why", "").find("disk") != std::string::npos;
  })) << look().dump()
      << agent.log_text();
  EXPECT_TRUE(agent.running());
  disk->empty();
  EXPECT_TRUE(await([](const Json& seen) { return seen.value("credit", 0) > 0; }))
      << look().dump() << agent.log_text();
  EXPECT_TRUE(agent.stop(20s));
}

}  // namespace
}  // namespace assay::e2e
