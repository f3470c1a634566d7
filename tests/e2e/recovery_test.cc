// An agent that is killed leaves nothing once the next one has started; its job is run again; an interrupted
// scan cleans up after itself.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <thread>

#include "agent/cleanup.h"
#include "common/fd.h"
#include "tests/e2e/assay.h"
#include "tests/farm/farm.h"

namespace assay::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

TEST(Recovery, KilledAgentLeavesNothingAndItsJobRunsAgain) {
  ASSAY_NEEDS_HOST();
  TempDir dir;
  auto before = leftovers();
  farm::FarmOptions options;
  options.dir = dir.path();
  options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
  options.agents = {"agent-1"};
  options.tenants = {{"acme", 1}};
  auto farm = farm::Farm::create(std::move(options));
  ASSERT_TRUE(farm) << farm.error().what;
  ASSERT_TRUE(farm->start()) << farm->scheduler().log_text();
  auto argv = farm->agent_argv("agent-1", dir.path() / "agent", 1);
  ASSERT_TRUE(argv) << argv.error().what;
  farm::Daemon agent(*argv, dir.path() / "agent.log");
  ASSERT_TRUE(agent.start());

  auto api = farm->api("acme");
  auto posted = api.call(
      "POST", "/v1/scans",
      nlohmann::json{{"scans", {{{"ref", "oci-archive:" + image("quiet").string()}, {"duration_ms", 5000}}}}}
          .dump());
  ASSERT_TRUE(posted) << posted.error().what;
  std::string id = nlohmann::json::parse(posted->body)["scan_ids"][0];
  auto wait_for = [](const std::function<bool()>& reached) {
    for (auto end = steady_clock::now() + seconds(60); steady_clock::now() < end;
         std::this_thread::sleep_for(milliseconds(50)))
      if (reached()) return true;
    return false;
  };
  ASSERT_TRUE(wait_for([&] {  // the scan is there to be seen
    for (const auto& thing : left_behind(before))
      if (thing.starts_with("process exe")) return true;
    return false;
  })) << agent.log_text();
  agent.kill_now();
  ASSERT_TRUE(agent.start());

  std::string state;
  ASSERT_TRUE(wait_for([&] {
    auto shown = api.call("GET", "/v1/scans/" + id);
    state = shown ? nlohmann::json::parse(shown->body, nullptr, false).value("state", "") : "";
    return state == "done" || state == "failed";
  })) << agent.log_text();
  EXPECT_EQ(state, "done") << agent.log_text();
  // The second agent's own run directory is the only thing that lives; nothing of the first one or of any
  // scan does.
  std::set<std::string> extra = left_behind(before);
  EXPECT_LE(extra.size(), 3u);
  for (const auto& thing : extra)
    EXPECT_TRUE(thing.starts_with("/run/assay/") || thing.starts_with("cgroup ")) << thing;
}

TEST(Recovery, KilledScanLeavesNothingAfterTheNext) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto before = leftovers();
  Command command{.argv = {bin("assay"), "scan", "oci-archive:" + image("nginx").string(), "--duration",
                           "60s", "--data", data.path() / "data"}};
  auto scan = spawn(command);
  ASSERT_TRUE(scan);
  auto sandboxed = [&] {
    for (const auto& thing : leftovers())
      if (thing.starts_with("process exe") && !before.contains(thing)) return true;
    return false;
  };
  auto deadline = steady_clock::now() + seconds(60);
  while (!sandboxed() && steady_clock::now() < deadline)
    ASSERT_FALSE(scan->wait_until(steady_clock::now() + milliseconds(50)));
  ASSERT_TRUE(sandboxed());
  scan->kill(SIGKILL);
  (void)scan->wait();

  Ran next =
      assay(data, {"scan", "oci-archive:" + image("quiet").string(), "--duration", "2s", "--format", "json"});
  EXPECT_EQ(next.code, 0) << next.err;
  EXPECT_EQ(left_behind(before), std::set<std::string>());
  Ran listed = assay(data, {"list", "--format", "json"});
  EXPECT_EQ(listed.json()[1]["error"], "interrupted: the scan that ran it was ended") << listed.out;
}

TEST(Recovery, InterruptedScanEndsInOrder) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto before = leftovers();
  int fds[2];
  ASSERT_EQ(::pipe2(fds, O_CLOEXEC), 0);
  Fd read_end(fds[0]), write_end(fds[1]);
  Command command{.argv = {bin("assay"), "scan", "oci-archive:" + image("quiet").string(), "--duration",
                           "60s", "--data", data.path() / "data"},
                  .stderr_fd = write_end.get()};
  auto scan = spawn(command);
  write_end.reset();
  ASSERT_TRUE(scan);
  auto deadline = steady_clock::now() + seconds(60);
  while (left_behind(before).empty() && steady_clock::now() < deadline)
    ASSERT_FALSE(scan->wait_until(steady_clock::now() + milliseconds(50)));
  scan->kill(SIGINT);
  auto status = scan->wait_until(steady_clock::now() + seconds(20));
  ASSERT_TRUE(status) << "still running 20 s after SIGINT";
  EXPECT_EQ(status->code, 1);
  EXPECT_NE(read_fd(read_end.get(), 1 << 16, "stderr")->find("cancelled"), std::string::npos);
  EXPECT_EQ(left_behind(before), std::set<std::string>());
}

}  // namespace
}  // namespace assay::e2e
