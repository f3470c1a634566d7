// The farm as it is deployed: a scheduler and three agents, each a host with an address of its own, encrypted
// wire, real scans. Processes are killed and a cable is pulled while three dozen images are scanned.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "scheduler/keep.h"
#include "tests/e2e/assay.h"
#include "tests/farm/farm.h"
#include "tests/farm/hosts.h"

namespace assay::e2e {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::chrono::steady_clock;

constexpr size_t kAgents = 3, kOperator = kAgents + 1;  // hosts: the scheduler's is 0
constexpr size_t kScans = 36;
constexpr std::chrono::milliseconds kLease{6000};
constexpr auto kPatience = 330s;

const std::vector<std::pair<std::string, std::string>> kSamples{
    {"nginx", "clean"},           {"redis", "clean"},        {"quiet", "clean"},
    {"workload", "clean"},        {"miner", "malicious"},    {"reverse-shell", "malicious"},
    {"dropper", "malicious"},     {"escape", "malicious"},   {"persistence", "malicious"},
    {"credentials", "malicious"}, {"portscan", "malicious"}, {"fileless", "malicious"}};

std::string agent_name(size_t i) { return "agent-" + std::to_string(i); }

class FarmOfHosts : public testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEEDS_HOST();
    before_ = leftovers();
    auto hosts = farm::Hosts::create(kAgents + 2);
    ASSERT_TRUE(hosts) << hosts.error().what;
    hosts_.emplace(std::move(*hosts));
    farm::FarmOptions options;
    options.dir = dir_.path();
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    for (size_t i = 1; i <= kAgents; ++i) options.agents.push_back(agent_name(i));
    options.tenants = {{"acme", 1}};
    options.lease = kLease;
    options.first_delay = 500ms;
    options.failures = 10;  // what is tested is that nothing is lost, not when it is given up
    options.address = farm::Hosts::address(0);
    options.net_ns_fd = hosts_->ns(0);
    options.make_socket = [this] { return hosts_->tcp_socket(kOperator); };
    auto made = farm::Farm::create(std::move(options));
    ASSERT_TRUE(made) << made.error().what;
    farm_.emplace(std::move(*made));
    auto started = farm_->start();
    ASSERT_TRUE(started) << started.error().what << farm_->scheduler().log_text();
    for (size_t i = 1; i <= kAgents; ++i) {
      auto argv = farm_->agent_argv(agent_name(i), dir_.path() / agent_name(i), 2);
      ASSERT_TRUE(argv) << argv.error().what;
      agents_.emplace_back(*argv, dir_.path() / (agent_name(i) + ".log"), hosts_->ns(i));
      ASSERT_TRUE(agents_.back().start());
    }
  }

  void TearDown() override {
    if (HasFailure() && farm_) {
      std::cerr << tail(farm_->scheduler().log_text());
      for (const auto& agent : agents_) std::cerr << tail(agent.log_text());
    }
  }

  static std::string tail(const std::string& text) {
    return text.size() > 8000 ? text.substr(text.size() - 8000) : text;
  }

  std::vector<std::string> submit_batch() {
    Json images = Json::array();
    for (size_t i = 0; i < kScans; ++i) {
      const auto& [name, verdict] = kSamples[i % kSamples.size()];
      images.push_back({{"ref", "oci-archive:" + image(name).string()}, {"expect", verdict}});
    }
    Json batch{{"name", "samples"},
               {"lane", "batch"},
               {"defaults", {{"duration_ms", 6000}, {"fresh", true}, {"provoke", false}}},
               {"images", std::move(images)}};
    auto response = farm_->api("acme").call("POST", "/v1/batches", batch.dump());
    if (!response || response->status / 100 != 2) {
      ADD_FAILURE() << (response ? response->body : response.error().what);
      return {};
    }
    auto json = Json::parse(response->body);
    batch_id_ = json["batch_id"];
    return json["scan_ids"].get<std::vector<std::string>>();
  }

  /// The batch as the API shows it; null while it does not answer.
  Json batch() const {
    auto response = farm_->api("acme").call("GET", "/v1/batches/" + batch_id_, "", 5s);
    return response && response->status == 200 ? Json::parse(response->body, nullptr, false) : Json();
  }
  size_t ended() const {
    Json shown = batch();
    return shown.is_object() ? shown.value("ended", size_t{0}) : 0;
  }

  // Each scan has one report of its own and the verdict that its image is known for.
  void check_store(const std::vector<std::string>& ids) const {
    auto store = Store::open(farm_->store(), Store::Mode::read_only);
    ASSERT_TRUE(store) << store.error().what;
    Keep keep(**store);
    std::map<std::string, ScanRecord> records;
    ASSERT_TRUE(keep.each_scan([&](const ScanRecord& record) {
      records[record.scan_id] = record;
      return true;
    }));
    EXPECT_EQ(records.size(), kScans);
    for (size_t i = 0; i < ids.size(); ++i) {
      const auto& [name, verdict] = kSamples[i % kSamples.size()];
      const ScanRecord& record = records[ids[i]];
      SCOPED_TRACE(ids[i] + " " + name);
      EXPECT_EQ(std::string(to_string(record.state)), "done") << record.error;
      EXPECT_EQ(record.same_as, "");
      auto report = keep.report(ids[i]);
      ASSERT_TRUE(report) << report.error().what;
      auto json = Json::parse(*report, nullptr, false);
      EXPECT_EQ(json["verdict"], record.verdict);
      // Three hosts on one machine's processors: a trace may lose events, but never without saying so.
      bool told = json["verdict"] == "inconclusive" && json["completeness"]["lost"] > 0;
      EXPECT_TRUE(json["verdict"] == verdict || told)
          << json["completeness"].dump(1) << json["findings"].dump(1);
      auto header = keep.header(ids[i]);
      ASSERT_TRUE(header) << header.error().what;
      EXPECT_EQ(header->attempt, record.attempt);
      EXPECT_EQ(header->agent_id, record.agent);
    }
  }

  std::string batch_id_;
  TempDir dir_;
  std::set<std::string> before_;
  std::optional<farm::Hosts> hosts_;
  std::optional<farm::Farm> farm_;
  std::vector<farm::Daemon> agents_;
};

struct Mishap {
  size_t after;  // scans that have ended
  std::function<void()> happen;
};

TEST_F(FarmOfHosts, LosesNothingWhateverDies) {
  if (IsSkipped()) return;
  auto ids = submit_batch();
  ASSERT_EQ(ids.size(), kScans);
  std::optional<steady_clock::time_point> cable_back;
  auto kill_scheduler = [&] {
    farm_->scheduler().kill_now();
    std::this_thread::sleep_for(1s);
    ASSERT_TRUE(farm_->start());
  };
  auto kill_agent = [&](size_t i) {
    agents_[i].kill_now();
    std::this_thread::sleep_for(500ms);
    ASSERT_TRUE(agents_[i].start());
  };
  std::vector<Mishap> mishaps{{3, kill_scheduler},
                              {8, [&] { kill_agent(0); }},
                              {13,
                               [&] {
                                 ASSERT_TRUE(hosts_->set_link(2, false));
                                 cable_back = steady_clock::now() + kLease + 4s;
                               }},
                              {22, kill_scheduler},
                              {27, [&] { kill_agent(2); }}};
  auto deadline = steady_clock::now() + kPatience;
  size_t done = 0;
  while ((done = ended()) < kScans && steady_clock::now() < deadline) {
    if (!mishaps.empty() && done >= mishaps.front().after) {
      mishaps.front().happen();
      mishaps.erase(mishaps.begin());
    }
    if (cable_back && steady_clock::now() > *cable_back) {
      ASSERT_TRUE(hosts_->set_link(2, true));
      cable_back.reset();
    }
    std::this_thread::sleep_for(300ms);
  }
  EXPECT_EQ(done, kScans);
  EXPECT_TRUE(mishaps.empty());
  Json shown = batch();
  EXPECT_EQ(shown["expected"]["met"].get<size_t>() + shown["verdicts"].value("inconclusive", size_t{0}),
            kScans)
      << shown.dump(1);
  for (auto& agent : agents_) {
    auto code = agent.stop(20s);
    EXPECT_TRUE(code && *code == 0) << (code ? std::to_string(*code) : code.error().what);
  }
  auto code = farm_->scheduler().stop(20s);
  EXPECT_TRUE(code && *code == 0) << (code ? std::to_string(*code) : code.error().what);
  EXPECT_EQ(left_behind(before_), std::set<std::string>());
  check_store(ids);
}

}  // namespace
}  // namespace assay::e2e
