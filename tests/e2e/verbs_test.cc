// The verbs of the farm as a user types them, against a real scheduler and, where images run, a real agent.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/assay.h"
#include "tests/farm/farm.h"

namespace assay::e2e {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::chrono::steady_clock;

class FarmVerbs : public testing::Test {
 protected:
  void SetUp() override {
    farm::FarmOptions options;
    options.dir = dir_.path();
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.tenants = {{"acme", 1}};
    options.agents = {"metal-1"};
    options.lease = 5s;
    options.first_delay = 200ms;
    auto made = farm::Farm::create(std::move(options));
    ASSERT_TRUE(made) << made.error().what;
    farm_.emplace(std::move(*made));
    Status started = farm_->start();
    ASSERT_TRUE(started) << started.error().what << farm_->scheduler().log_text();
    ASSERT_TRUE(write_file(token_file("acme"), farm_->token("acme") + "\n", 0600));
    ASSERT_TRUE(write_file(token_file("operator"), farm_->token("operator") + "\n", 0600));
  }
  void TearDown() override {
    if (!HasFailure() || !farm_) return;
    std::cerr << farm_->scheduler().log_text() << (agent_ ? agent_->log_text() : "");
  }

  /// A real agent with two slots.
  void start_agent() {
    auto argv = farm_->agent_argv("metal-1", dir_.path() / "agent", 2);
    ASSERT_TRUE(argv) << argv.error().what;
    agent_.emplace(*argv, dir_.path() / "agent.log");
    ASSERT_TRUE(agent_->start());
  }

  std::string token_file(const std::string& tenant) const { return dir_.path() / (tenant + ".token"); }
  std::vector<std::string> argv(std::vector<std::string> args, const std::string& tenant) const {
    args.insert(args.begin(), bin("assay"));
    args.insert(args.end(), {"--server", farm_->url(), "--token-file", token_file(tenant)});
    return args;
  }
  Ran verb(const std::vector<std::string>& args, const std::string& tenant = "acme",
           std::chrono::seconds timeout = 120s) {
    Command command;
    command.argv = argv(args, tenant);
    auto output = run(command, timeout, 64 << 20);
    if (!output) {
      ADD_FAILURE() << output.error().what;
      return {};
    }
    return {output->status.shell_code(), output->out, output->err};
  }
  /// Until the verb's output contains `text`.
  bool comes(const std::vector<std::string>& args, const std::string& text,
             std::chrono::seconds patience = 60s) {
    for (auto end = steady_clock::now() + patience; steady_clock::now() < end;
         std::this_thread::sleep_for(100ms))
      if (verb(args).out.find(text) != std::string::npos) return true;
    return false;
  }
  std::string archive(const std::string& name) const { return "oci-archive:" + image(name).string(); }
  std::string file(const std::string& name, const std::string& text) {
    EXPECT_TRUE(write_file(dir_.path() / name, text));
    return dir_.path() / name;
  }

  TempDir dir_;
  std::optional<farm::Farm> farm_;
  std::optional<farm::Daemon> agent_;
};

// The ids that begin the lines of an output.
std::vector<std::string> ids_of(const std::string& out) {
  std::vector<std::string> ids;
  std::istringstream lines(out);
  for (std::string line; std::getline(lines, line);) ids.push_back(line.substr(0, line.find(' ')));
  return ids;
}

TEST_F(FarmVerbs, ThousandsFromAFileAreQueuedAndCounted) {
  std::string list = "# nightly\n";
  for (int i = 0; i < 2500; ++i) list += "registry.example/team/app-" + std::to_string(i) + ":1\n";
  Ran ran = verb({"submit", "--from", file("list.txt", list), "--lane", "sweep"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  auto ids = ids_of(ran.out);
  ASSERT_EQ(ids.size(), 2500u);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
  Json status = verb({"status", "--format", "json"}).json();
  EXPECT_EQ(status["queue"]["lanes"][3]["queued"], 2500);
  EXPECT_EQ(status["capacity"]["backlog"], 2500);
  EXPECT_NE(verb({"capacity", "--in", "2h"}).out.find("backlog    2,500 scans"), std::string::npos);
}

TEST_F(FarmVerbs, RefusalsSayWhatToDo) {
  Ran bad = verb({"submit", "nginx", "--duration", "2h"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_NE(bad.err.find("duration"), std::string::npos) << bad.err;
  Ran role = verb({"agents", "drain", "metal-1"});
  EXPECT_EQ(role.code, 1);
  EXPECT_NE(role.err.find("operate"), std::string::npos) << role.err;
  Ran unknown = verb({"status", "20260101T000000-00000000"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_NE(unknown.err.find("20260101T000000-00000000"), std::string::npos) << unknown.err;
  ASSERT_TRUE(write_file(token_file("acme"), "assay_wrong"));
  Ran token = verb({"status"});
  EXPECT_EQ(token.code, 1);
  EXPECT_NE(token.err.find("assay tokens new"), std::string::npos) << token.err;
  (void)farm_->scheduler().stop(20s);
  Ran gone = verb({"status"});
  EXPECT_EQ(gone.code, 1);
  EXPECT_NE(gone.err.find("is assay-scheduler running there?"), std::string::npos) << gone.err;
}

TEST_F(FarmVerbs, QueuedScansAreExplainedCancelledAndQueuedAgain) {
  auto ids = ids_of(verb({"submit", "nginx", "redis"}).out);
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_NE(verb({"status", ids[0]}).out.find("because    "), std::string::npos);
  EXPECT_EQ(verb({"cancel", ids[0], ids[1]}).out, ids[0] + "  cancelled\n" + ids[1] + "  cancelled\n");
  Ran twice = verb({"cancel", ids[0]});
  EXPECT_EQ(twice.code, 1);
  EXPECT_NE(twice.err.find("has ended"), std::string::npos) << twice.err;
  Ran watched = verb({"watch", ids[0]});
  EXPECT_EQ(watched.code, 1);
  EXPECT_NE(watched.out.find(ids[0] + "  cancelled"), std::string::npos) << watched.out;
  EXPECT_EQ(verb({"retry", ids[0]}).out, ids[0] + "  queued\n");
  EXPECT_EQ(verb({"status", ids[0], "--format", "json"}).json()["state"], "queued");
}

TEST_F(FarmVerbs, WaitingSubmitEndsWithVerdictsAndReportsAreFetched) {
  ASSAY_NEEDS_HOST();
  start_agent();
  Ran ran = verb({"submit", archive("quiet"), archive("miner"), "--duration", "6s", "--wait"});
  EXPECT_EQ(ran.code, 10) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("  malicious"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("  clean"), std::string::npos) << ran.out;
  auto ids = ids_of(ran.out);
  ASSERT_EQ(ids.size(), 2u);
  for (const std::string& id : ids) {
    Json report = verb({"report", id, "--format", "json"}).json();
    ASSERT_TRUE(report.is_object());
    EXPECT_EQ(report["scan"]["id"], id);
    EXPECT_NE(ran.out.find(report["verdict"].get<std::string>()), std::string::npos);
  }
  EXPECT_NE(verb({"report", ids[0]}).out.find("COMPLETENESS"), std::string::npos);
  EXPECT_NE(verb({"agents"}).out.find("metal-1  active"), std::string::npos);
}

TEST_F(FarmVerbs, BatchIsMeasuredByItsExpectationsAndRunAgain) {
  ASSAY_NEEDS_HOST();
  start_agent();
  Json manifest = {{"name", "intake"},
                   {"defaults", {{"duration_ms", 5000}}},
                   {"images",
                    {{{"ref", archive("quiet")}, {"expect", "clean"}},
                     {{"ref", archive("miner")}, {"expect", "malicious"}},
                     {{"ref", archive("redis")}, {"expect", "malicious"}}}}};
  Ran ran = verb({"batch", "submit", file("m.json", manifest.dump()), "--wait"});
  EXPECT_EQ(ran.code, 10) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("ended      3 of 3\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("expected   1 missed, 2 met\n"), std::string::npos) << ran.out;
  std::string id = ids_of(ran.err)[0];
  Json shown = verb({"batch", "show", id, "--format", "json"}).json();
  ASSERT_EQ(shown["missed"].size(), 1u) << shown.dump(1);
  EXPECT_EQ(shown["missed"][0]["ref"], archive("redis"));
  Ran again = verb({"batch", "rerun", id, "--only", "unexpected", "--wait"});
  EXPECT_EQ(again.code, 10) << again.out << again.err;
  EXPECT_NE(again.out.find("ended      1 of 1\n"), std::string::npos) << again.out;
  EXPECT_NE(again.out.find("again of   " + id), std::string::npos) << again.out;
  EXPECT_EQ(ids_of(verb({"batch", "list"}).out).size(), 3u);  // two and the heading
}

TEST_F(FarmVerbs, DrainedAgentGetsNothingUntilItIsTakenBack) {
  ASSAY_NEEDS_HOST();
  start_agent();
  ASSERT_TRUE(comes({"agents"}, "metal-1  active"));
  EXPECT_EQ(verb({"agents", "drain", "metal-1"}, "operator").out, "metal-1  draining\n");
  auto ids = ids_of(verb({"submit", archive("quiet"), "--duration", "2s"}).out);
  ASSERT_EQ(ids.size(), 1u);
  std::this_thread::sleep_for(2s);  // that nothing happens can only be waited for
  EXPECT_EQ(verb({"status", ids[0], "--format", "json"}).json()["state"], "queued");
  EXPECT_EQ(verb({"agents", "undrain", "metal-1"}, "operator").out, "metal-1  active\n");
  EXPECT_EQ(verb({"watch", ids[0]}).code, 0);
}

TEST_F(FarmVerbs, InterruptedWatchLeavesTheScanRunning) {
  ASSAY_NEEDS_HOST();
  start_agent();
  auto ids = ids_of(verb({"submit", archive("quiet"), "--duration", "6s"}).out);
  ASSERT_EQ(ids.size(), 1u);
  farm::Daemon watching(argv({"watch", ids[0]}, "acme"), dir_.path() / "watch.log");
  ASSERT_TRUE(comes({"status", ids[0], "--format", "json"}, "\"leased\""));
  ASSERT_TRUE(watching.start());
  std::this_thread::sleep_for(500ms);  // it says nothing that tells that it has begun
  watching.signal(SIGINT);
  for (auto end = steady_clock::now() + 10s; watching.running() && steady_clock::now() < end;)
    std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(watching.running());
  EXPECT_EQ(watching.log_text(),
            "assay: interrupted: 1 scan goes on in the farm; `assay watch " + ids[0] + "` shows it\n");
  EXPECT_EQ(verb({"watch", ids[0]}).code, 0);
}

TEST_F(FarmVerbs, WatchOutlivesAKilledScheduler) {
  ASSAY_NEEDS_HOST();
  start_agent();
  auto ids = ids_of(verb({"submit", archive("quiet"), "--duration", "8s"}).out);
  ASSERT_EQ(ids.size(), 1u);
  ASSERT_TRUE(comes({"status", ids[0], "--format", "json"}, "\"leased\""));
  farm::Daemon watching(argv({"watch", ids[0]}, "acme"), dir_.path() / "watch.log");
  ASSERT_TRUE(watching.start());
  std::this_thread::sleep_for(500ms);
  farm_->scheduler().kill_now();
  std::this_thread::sleep_for(1s);
  Status started = farm_->start();
  ASSERT_TRUE(started) << started.error().what;
  for (auto end = steady_clock::now() + 90s; watching.running() && steady_clock::now() < end;)
    std::this_thread::sleep_for(50ms);
  EXPECT_FALSE(watching.running());
  std::string log = watching.log_text();
  EXPECT_NE(log.find("; trying again\n"), std::string::npos) << log;
  EXPECT_NE(log.find(ids[0] + "  clean"), std::string::npos) << log;
}

}  // namespace
}  // namespace assay::e2e
