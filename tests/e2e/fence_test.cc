// A stranger in the cgroup of a running scan: its sandbox has hit its guard, and whoever ran it is fenced.
// With real agents, with the farm of one command, and, of what is said on the wire, with a scheduler that
// dies.
#include <fcntl.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <thread>

#include "agent/cgroup.h"
#include "agent/fence.h"
#include "tests/e2e/assay.h"
#include "tests/farm/farm.h"
#include "tests/farm/peer.h"

namespace assay::e2e {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::chrono::steady_clock;

bool eventually(const std::function<bool()>& reached, std::chrono::seconds patience = 60s) {
  for (auto end = steady_clock::now() + patience; steady_clock::now() < end;
       std::this_thread::sleep_for(50ms))
    if (reached()) return true;
  return false;
}

// Of the scan's attempt ("SCAN-ATTEMPT"), in every hierarchy.
std::vector<fs::path> cgroups_of(const std::string& attempt) {
  std::vector<fs::path> found;
  auto mounts = cgroup_mounts();
  if (!mounts) return found;
  for (const CgroupMount& mount : *mounts) {
    std::error_code none;
    for (const auto& instance : fs::directory_iterator(mount.dir + "/assay", none))
      if (fs::exists(instance.path() / attempt / "sandbox/cgroup.procs", none))
        found.push_back(instance.path() / attempt / "sandbox");
  }
  return found;
}

// A process that never was in the guest, where only the guest's runtime may be. It outlives nobody.
Result<Child> put_stranger(const std::string& attempt) {
  std::vector<Fd> procs;
  Command command;
  command.argv = {"/bin/sh", "-c", "exec sleep 120"};
  for (const fs::path& dir : cgroups_of(attempt)) {
    ASSAY_TRY(Fd fd, open_file(dir / "cgroup.procs", O_WRONLY));
    command.cgroup_procs_fds.push_back(fd.get());
    procs.push_back(std::move(fd));
  }
  if (procs.empty()) return Error{Errc::not_found, "no cgroup of " + attempt};
  return spawn(command);
}

bool has_guard(const Json& report) {
  for (const auto& source : report["completeness"]["sources"])
    if (source["source"] == "guard") return true;
  return false;
}

void expect_hit(const Json& report) {
  EXPECT_EQ(report["run"]["end"], "guard");
  EXPECT_NE(report["run"]["detail"].get<std::string>().find("stranger"), std::string::npos)
      << report["run"].dump();
  EXPECT_FALSE(report["completeness"]["complete"]);
  EXPECT_NE(
      report["completeness"]["reasons"].dump().find("the sandbox's guard was hit: the agent was fenced"),
      std::string::npos);
  EXPECT_EQ(report["verdict"], "malicious") << report["findings"].dump(1);
}

class Fence : public testing::Test {
 protected:
  void TearDown() override {
    if (!HasFailure() || !farm_) return;
    std::cerr << farm_->scheduler().log_text();
    for (const auto& agent : agents_) std::cerr << agent.log_text();
  }
  void start_farm() {
    farm::FarmOptions options;
    options.dir = dir_.path();
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.agents = {"agent-1", "agent-2"};
    options.tenants = {{"acme", 1}};
    auto made = farm::Farm::create(std::move(options));
    ASSERT_TRUE(made) << made.error().what;
    farm_.emplace(std::move(*made));
    auto started = farm_->start();
    ASSERT_TRUE(started) << started.error().what << farm_->scheduler().log_text();
  }
  void start_agent(const std::string& name) {
    auto argv = farm_->agent_argv(name, data(name), 2);
    ASSERT_TRUE(argv) << argv.error().what;
    agents_.emplace_back(*argv, dir_.path() / (name + ".log"));
    ASSERT_TRUE(agents_.back().start());
  }
  fs::path data(const std::string& name) const { return dir_.path() / name; }
  Json call(const std::string& method, const std::string& path, const std::string& body = "") {
    auto response = farm_->api().call(method, path, body);
    return response ? Json::parse(response->body, nullptr, false) : Json();
  }
  std::string submit(const std::string& ref) {
    Json job{{"ref", ref}, {"duration_ms", 12'000}, {"provoke", false}, {"fresh", true}};
    auto answer = call("POST", "/v1/scans", Json{{"scans", {job}}}.dump());
    EXPECT_TRUE(answer.contains("scan_ids")) << answer.dump();
    return answer.contains("scan_ids") ? answer["scan_ids"][0].get<std::string>() : "";
  }
  Json agent(const std::string& name) {
    Json all = call("GET", "/v1/agents");
    for (const auto& agent : all["agents"])
      if (agent["name"] == name) return agent;
    return Json::object();
  }
  bool runs(const std::string& name, const std::string& scan) {
    Json leases = agent(name).value("leases", Json::array());
    return std::any_of(leases.begin(), leases.end(), [&](const Json& lease) {
      return lease["scan_id"] == scan && lease["phase"] == "run";
    });
  }
  std::string state(const std::string& scan) { return call("GET", "/v1/scans/" + scan).value("state", ""); }
  Json report(const std::string& scan) { return call("GET", "/v1/scans/" + scan + "/report"); }

  TempDir dir_;
  std::optional<farm::Farm> farm_;
  std::deque<farm::Daemon> agents_;
};

TEST_F(Fence, AnAgentWithAStrangerInAScanFinishesNothingElse) {
  ASSAY_NEEDS_HOST();
  start_farm();
  start_agent("agent-1");
  std::string quiet = "oci-archive:" + image("quiet").string();
  std::string hit = submit(quiet), other = submit(quiet);
  ASSERT_TRUE(eventually([&] { return runs("agent-1", hit) && runs("agent-1", other); }));
  auto stranger = put_stranger(hit + "-1");
  ASSERT_TRUE(stranger) << stranger.error().what;
  start_agent("agent-2");
  ASSERT_TRUE(eventually([&] { return state(hit) == "done"; })) << state(hit);
  Json told = report(hit);
  if (!has_guard(told)) GTEST_SKIP() << "no guard watches this sandbox";
  expect_hit(told);
  EXPECT_TRUE(stranger->wait_until(steady_clock::now() + 5s)) << "the stranger lives on";
  Json fenced = agent("agent-1");
  EXPECT_EQ(fenced["mode"], "fenced");
  EXPECT_EQ(fenced["fenced_by"]["scan_id"], hit);
  EXPECT_EQ(fenced["leases"].size(), 0u);
  FenceMark mark(data("agent-1"));
  EXPECT_TRUE(fs::exists(mark.path()));

  ASSERT_TRUE(eventually([&] { return state(other) == "done"; })) << state(other);
  Json innocent = report(other);
  EXPECT_EQ(innocent["scan"]["agent"], "agent-2");
  EXPECT_EQ(innocent["scan"]["attempt"], 2);
  EXPECT_EQ(innocent["run"]["end"], "deadline");

  // Dead and risen, it is what it was, until somebody has looked.
  agents_[0].kill_now();
  ASSERT_TRUE(agents_[0].start());
  ASSERT_TRUE(eventually(
      [&] { return agent("agent-1")["why"].dump().find("fenced after scan") != std::string::npos; }));
  EXPECT_EQ(call("POST", "/v1/agents/agent-1/unfence", "{}")["mode"], "active");
  EXPECT_TRUE(eventually([&] { return agent("agent-1").value("credit", 0) > 0; }));
  EXPECT_FALSE(fs::exists(mark.path()));
}

TEST_F(Fence, TheFarmOfOneCommandReportsTheHitAndRunsNothingMore) {
  ASSAY_NEEDS_HOST();
  auto out = open_file(dir_.path() / "out", O_RDWR | O_CREAT),
       err = open_file(dir_.path() / "err", O_RDWR | O_CREAT);
  ASSERT_TRUE(out && err);
  std::string quiet = "oci-archive:" + image("quiet").string();
  Command command;
  command.argv = {bin("assay"), "scan",   "--no-provoke", "--duration", "15s", "--format",
                  "json",       "--data", data("farm"),   quiet,        quiet};
  command.stdout_fd = out->get();
  command.stderr_fd = err->get();
  auto farm = spawn(command);
  ASSERT_TRUE(farm) << farm.error().what;
  std::string attempt;
  ASSERT_TRUE(eventually([&] {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(data("farm") / "spool-local", none))
      attempt = entry.path().filename().string();
    return !attempt.empty() && !cgroups_of(attempt).empty();
  }));
  std::this_thread::sleep_for(1s);  // what comes before the container's first instruction is another matter
  auto stranger = put_stranger(attempt);
  ASSERT_TRUE(stranger) << stranger.error().what;
  auto ended = farm->wait_until(steady_clock::now() + 90s);
  ASSERT_TRUE(ended) << "it hangs";
  std::string said = *read_file(dir_.path() / "err", 1 << 20);
  Json reports = Json::parse(*read_file(dir_.path() / "out", 1 << 24), nullptr, false);
  ASSERT_TRUE(reports.is_array() && !reports.empty()) << said;
  if (!has_guard(reports[0])) GTEST_SKIP() << "no guard watches this sandbox";
  EXPECT_EQ(reports.size(), 1u);
  expect_hit(reports[0]);
  EXPECT_EQ(ended->shell_code(), 10) << said;
  std::string scan = attempt.substr(0, attempt.rfind('-'));
  EXPECT_NE(said.find(quiet + ": not run: the agent was fenced after scan " + scan + ": "), std::string::npos)
      << said;
  EXPECT_NE(said.find("; look at this host before you scan on it again"), std::string::npos) << said;
}

TEST_F(Fence, ASchedulerThatDiesKeepsWhoIsFencedAndByWhat) {
  start_farm();
  Context context;
  std::string scan = submit("oci-archive:/sim/x.tar");
  wire::Fenced word{scan, 1, "exec by a stranger"};
  {
    farm::Peer peer(farm_->connect(context, "agent-1"));
    ASSERT_TRUE(peer.welcomed("agent-1"));
    peer.say(wire::Want{1, 1000, uint64_t{4} << 30, ""});
    auto lease = peer.hear<wire::Lease>();
    ASSERT_TRUE(lease);
    EXPECT_EQ(lease->scan_id, scan);
    peer.say(word);
    ASSERT_TRUE(eventually([&] { return agent("agent-1").value("mode", "") == "fenced"; }));
  }
  farm_->scheduler().kill_now();
  ASSERT_TRUE(farm_->start());
  ASSERT_TRUE(write_file(dir_.path() / "token", farm_->token("operator")));
  std::vector<std::string> remote{"--server", farm_->url(), "--token-file", dir_.path() / "token"};
  auto agents = [&](std::vector<std::string> args) {
    Command command;
    command.argv = {bin("assay"), "agents"};
    command.argv.insert(command.argv.end(), args.begin(), args.end());
    command.argv.insert(command.argv.end(), remote.begin(), remote.end());
    auto output = run(command, 20s);
    return output ? output->out + output->err : output.error().what;
  };
  std::string list = agents({});
  EXPECT_NE(list.find("fenced, away"), std::string::npos) << list;
  EXPECT_NE(list.find("by scan " + scan), std::string::npos) << list;
  EXPECT_NE(agents({"undrain", "agent-1"}).find("look at its host, then unfence it"), std::string::npos);
  EXPECT_EQ(agents({"unfence", "agent-1"}), "agent-1  active\n");
  // It was away meanwhile.
  farm::Peer peer(farm_->connect(context, "agent-1"));
  ASSERT_TRUE(peer.welcomed("agent-1"));
  peer.say(word);
  auto lifted = peer.hear<wire::Unfence>();
  ASSERT_TRUE(lifted);
  EXPECT_EQ(lifted->scan_id, scan);
}

}  // namespace
}  // namespace assay::e2e
