// A backup of a scheduler that runs, put back on a host that has nothing: the same reports, and the queue
// goes on. The programs are the real ones, the agents simulated.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "common/process.h"
#include "tests/farm/farm.h"
#include "tests/support.h"

namespace assay::e2e {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::chrono::steady_clock;

class BackedUpFarm : public testing::Test {
 protected:
  struct Host {
    std::filesystem::path dir;
    std::optional<farm::Farm> farm;
    std::optional<farm::SimSettings> settings;
    std::optional<farm::SimAgent> agent;
  };

  void make(Host& host, const std::string& name) {
    host.dir = dir_.path() / name;
    std::filesystem::create_directories(host.dir);
    farm::FarmOptions options;
    options.dir = host.dir;
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.tenants = {{"acme", 1}};
    options.agents = {"sim"};
    options.lease = 2s;
    options.first_delay = 50ms;
    auto made = farm::Farm::create(std::move(options));
    ASSERT_TRUE(made) << made.error().what;
    host.farm.emplace(std::move(*made));
  }
  void start(Host& host, std::chrono::microseconds run) {
    auto started = host.farm->start();
    ASSERT_TRUE(started) << started.error().what << host.farm->scheduler().log_text();
    host.settings.emplace();
    host.settings->endpoint = host.farm->endpoint();
    host.settings->slots = 1;
    host.settings->heartbeat = 300ms;
    host.settings->run = run;
    host.agent.emplace("sim", *host.settings, 1,
                       [this, &host](const std::string& name) { return host.farm->connect(context_, name); });
  }
  static std::vector<std::string> submit(Host& host, const std::string& name, size_t count) {
    Json scans = Json::array();
    for (size_t i = 0; i < count; ++i)
      scans.push_back(
          {{"ref", farm::SimImage{farm::SimImage::Kind::good, "acme", name + std::to_string(i)}.ref()}});
    auto answer = host.farm->api("acme").call("POST", "/v1/scans", Json{{"scans", scans}}.dump());
    EXPECT_TRUE(answer && answer->status == 202) << (answer ? answer->body : answer.error().what);
    if (!answer || answer->status != 202) return {};
    return Json::parse(answer->body)["scan_ids"].get<std::vector<std::string>>();
  }
  static Json queue(const Host& host) {
    auto answer = host.farm->api().call("GET", "/v1/queue");
    return answer ? Json::parse(answer->body, nullptr, false) : Json();
  }
  static uint64_t in_lanes(const Host& host, const char* what) {
    uint64_t sum = 0;
    const Json now = queue(host);
    for (const auto& lane : now["lanes"]) sum += lane[what].get<uint64_t>();
    return sum;
  }
  static std::string report(const Host& host, const std::string& scan) {
    auto answer = host.farm->api("acme").call("GET", "/v1/scans/" + scan + "/report");
    return answer && answer->status == 200 ? answer->body : "no report";
  }
  bool work(Host& host, const std::function<bool()>& reached) {
    for (auto end = steady_clock::now() + 60s; steady_clock::now() < end; std::this_thread::sleep_for(2ms)) {
      host.agent->turn(steady_clock::now(), [](const farm::SimAgent&, const farm::SimSeen&) {});
      if (reached()) return true;
    }
    return false;
  }
  /// What the verb printed; with its configuration, the store is where that says.
  static std::string verb(const Host& host, std::vector<std::string> words) {
    Command command;
    command.argv = {farm::bin_dir() / "assay-scheduler"};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.argv.insert(command.argv.end(), {"--config", host.dir / "scheduler.conf"});
    auto ran = assay::run(command, 60s);
    EXPECT_TRUE(ran && ran->status.shell_code() == 0) << (ran ? ran->out + ran->err : ran.error().what);
    return ran ? ran->out.substr(0, ran->out.find('\n')) : "";
  }

  TempDir dir_;
  Context context_{64};
  Host old_, fresh_;
};

TEST_F(BackedUpFarm, GoesOnWhereNothingWas) {
  make(old_, "old");
  start(old_, 1ms);
  auto done = submit(old_, "done", 4);
  ASSERT_EQ(done.size(), 4u);
  ASSERT_TRUE(work(old_, [&] { return *old_.farm->open_scans() == 0; })) << old_.farm->scheduler().log_text();
  old_.settings->run = 10min;  // what comes now is begun, and not ended
  auto open = submit(old_, "open", 5);
  ASSERT_TRUE(work(old_, [&] { return in_lanes(old_, "leased") > 0; }))
      << queue(old_).dump() << old_.farm->scheduler().log_text();
  std::map<std::string, std::string> reports;
  for (const std::string& scan : done) reports[scan] = report(old_, scan);

  std::string backup = verb(old_, {"backup", dir_.path() / "backups", "--keep", "2"});
  auto given_back = [&] { return std::filesystem::is_empty(old_.dir / "store" / "checkpoints"); };
  for (int i = 0; i < 200 && !given_back(); ++i) std::this_thread::sleep_for(20ms);
  EXPECT_TRUE(given_back());
  EXPECT_EQ(old_.farm->scheduler().count_in_log("event=backed_up backup=" + backup), 1u)
      << old_.farm->scheduler().log_text();
  old_.farm->scheduler().kill_now();
  std::filesystem::remove_all(old_.dir / "store");

  make(fresh_, "fresh");
  EXPECT_EQ(verb(fresh_, {"restore", backup, "--verify"}), backup);
  EXPECT_EQ(verb(fresh_, {"restore", backup}), (fresh_.dir / "store").string());
  start(fresh_, 1ms);
  for (const auto& [scan, was] : reports) {
    EXPECT_EQ(report(fresh_, scan), was);
    EXPECT_NE(was, "no report");
  }
  // The lease whose agent does not come back lapses, as after a crash; then all five wait.
  for (int i = 0; i < 200 && in_lanes(fresh_, "queued") < 5; ++i) std::this_thread::sleep_for(50ms);
  EXPECT_EQ(in_lanes(fresh_, "queued"), 5u);
  EXPECT_EQ(in_lanes(fresh_, "leased"), 0u);
  EXPECT_TRUE(work(fresh_, [&] { return *fresh_.farm->open_scans() == 0; }));
  for (const std::string& scan : open) EXPECT_NE(report(fresh_, scan), "no report") << scan;
}

// A copy of the store that nobody has open, and what is refused.
TEST_F(BackedUpFarm, StoppedSchedulersStoreIsBackedUpAndNothingIsRestoredOverAnother) {
  make(old_, "old");
  start(old_, 1ms);
  ASSERT_EQ(submit(old_, "x", 1).size(), 1u);
  ASSERT_TRUE(old_.farm->scheduler().stop(10s));
  std::string backup = verb(old_, {"backup", dir_.path() / "backups"});
  Command command;
  command.argv = {farm::bin_dir() / "assay-scheduler", "restore", backup, "--config",
                  old_.dir / "scheduler.conf"};
  auto ran = assay::run(command, 60s);
  ASSERT_TRUE(ran);
  EXPECT_EQ(ran->status.shell_code(), 1);
  EXPECT_NE(ran->err.find("is not empty"), std::string::npos) << ran->err;
  start(old_, 1ms);
  ran = assay::run(command, 60s);
  EXPECT_NE(ran->err.find("is in use by another assay"), std::string::npos) << ran->err;
  command.argv[1] = "migrate";
  command.argv[2] = "--dry-run";
  ran = assay::run(command, 60s);
  EXPECT_NE(ran->out.find("has format 3: nothing is to be done"), std::string::npos) << ran->out << ran->err;
}

}  // namespace
}  // namespace assay::e2e
