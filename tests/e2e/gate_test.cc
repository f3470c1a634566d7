// assay gate as a pipeline calls it: on a real farm with a real agent, and on this host alone. Every step of
// a test uses the scans of the steps before it: a result of the same digest is used again.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "tests/e2e/assay.h"
#include "tests/farm/farm.h"
#include "tests/farm/registry.h"

namespace assay::e2e {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using std::chrono::steady_clock;

constexpr const char* kPolicy = "schema: assay.policy/1\nname: production\nfail: {verdict: malicious}\n";

std::string waived(const std::string& until) {
  return std::string(kPolicy) +
         "waivers: [{rule: verdict, images: [\"*/miner*\"], owner: lab, reason: a sample, expires: " + until +
         "}]\n";
}

// Lines that were broken for want of room count as whole.
bool has(const std::string& text, const std::string& part) {
  std::istringstream words(text);
  std::string whole;
  for (std::string word; words >> word;) whole += word + " ";
  return whole.find(part) != std::string::npos;
}

class Gate {
 public:
  explicit Gate(const fs::path& dir) : dir_(dir) {}
  Status start() {
    farm::FarmOptions options;
    options.dir = dir_;
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.tenants = {{"ci", 1}};
    options.agents = {"metal-1"};
    options.first_delay = 200ms;
    ASSAY_TRY(farm::Farm made, farm::Farm::create(std::move(options)));
    farm_.emplace(std::move(made));
    ASSAY_CHECK(farm_->start());
    ASSAY_CHECK(write_file(dir_ / "token", farm_->token("ci"), 0600));
    ASSAY_TRY(auto argv, farm_->agent_argv("metal-1", dir_ / "agent", 2));
    agent_.emplace(argv, dir_ / "agent.log");
    return agent_->start();
  }
  /// assay gate ARGS... of the farm, by the policy.
  Ran ask(const std::string& policy, std::vector<std::string> args) {
    EXPECT_TRUE(write_file(dir_ / "policy.yml", policy));
    args.insert(args.begin(), {bin("assay"), "gate", "--policy", dir_ / "policy.yml", "--server",
                               farm_->url(), "--token-file", dir_ / "token", "--insecure"});
    Command command;
    command.argv = std::move(args);
    auto output = run(command, 120s, 64 << 20);
    if (!output) {
      ADD_FAILURE() << output.error().what;
      return {};
    }
    return {output->status.shell_code(), output->out, output->err};
  }
  std::string read(const std::string& name) const {
    auto text = read_file(dir_ / name, 4 << 20);
    return text ? *text : text.error().what;
  }
  std::string log() { return farm_->scheduler().log_text() + (agent_ ? agent_->log_text() : ""); }

 private:
  fs::path dir_;
  std::optional<farm::Farm> farm_;
  std::optional<farm::Daemon> agent_;
};

// As the snippets of docs/ci ask: every form a file.
void miner_is_kept_out(Gate& gate, const fs::path& dir, const std::string& miner) {
  Ran ran = gate.ask(kPolicy, {miner, "--duration", "5s", "--extend", "0s", "--no-provoke", "--output",
                               "junit=" + (dir / "assay.xml").string(), "--output",
                               "sarif=" + (dir / "assay.sarif").string(), "--output",
                               "markdown=" + (dir / "assay.md").string()});
  EXPECT_EQ(ran.code, 10) << ran.err << gate.log();
  EXPECT_TRUE(ran.out.starts_with("FAIL  " + miner)) << ran.out;
  EXPECT_TRUE(has(ran.out, "The verdict is malicious")) << ran.out;
  std::string junit = gate.read("assay.xml");
  EXPECT_TRUE(has(junit, "<testsuite name=\"" + miner + "\"")) << junit;
  EXPECT_TRUE(has(junit, "<failure message=\"The verdict is malicious")) << junit;
  auto sarif = Json::parse(gate.read("assay.sarif"), nullptr, false);
  ASSERT_TRUE(sarif.is_object());
  EXPECT_EQ(sarif["runs"][0]["results"][0]["level"], "error") << sarif.dump(1);
  EXPECT_TRUE(has(gate.read("assay.md"), "FAIL")) << gate.read("assay.md");
}

TEST(GateFarm, DecidesByScansWaiversAndWhatIsKnown) {
  ASSAY_NEEDS_HOST();
  TempDir dir, registry_dir;
  Gate gate(dir.path());
  Status started = gate.start();
  ASSERT_TRUE(started) << started.error().what;
  auto registry = farm::TestRegistry::start(registry_dir.path());
  ASSERT_TRUE(registry) << registry.error().what;
  ASSERT_TRUE(registry->push(image("miner"), "lab/miner:1"));
  std::string miner = registry->host() + "/lab/miner:1";
  const std::vector<std::string> how = {"--duration", "5s", "--extend", "0s", "--no-provoke"};
  auto with = [&](std::vector<std::string> args) {
    args.insert(args.end(), how.begin(), how.end());
    return args;
  };
  miner_is_kept_out(gate, dir.path(), miner);

  // The same scan, by other policies.
  Ran open = gate.ask(waived("2099-12-31"), with({miner}));
  EXPECT_EQ(open.code, 0) << open.out << open.err;
  EXPECT_TRUE(has(open.out, "waived by lab until 2099-12-31: a sample")) << open.out;
  Ran shut = gate.ask(waived("2020-01-31"), with({miner}));
  EXPECT_EQ(shut.code, 10) << shut.out << shut.err;
  EXPECT_TRUE(has(shut.out, "was waived by lab until 2020-01-31")) << shut.out;

  Ran clean = gate.ask(kPolicy, {"oci-archive:" + image("quiet").string(), "--duration", "2s", "--extend",
                                 "0s", "--no-provoke", "--format", "json"});
  EXPECT_EQ(clean.code, 0) << clean.out << clean.err;

  Ran away = gate.ask(kPolicy, with({"127.0.0.1:1/nothing:1"}));
  EXPECT_EQ(away.code, 11) << away.out << away.err;
  EXPECT_TRUE(has(away.out, "There is no result of this image: the scan failed: ")) << away.out;

  Ran known = gate.ask(kPolicy, {miner, "--known-only"});
  EXPECT_EQ(known.code, 10) << known.out << known.err;
  std::string nowhere = registry->host() + "/lab/other:1";
  EXPECT_EQ(gate.ask(kPolicy, {nowhere, "--known-only"}).code, 11);
  EXPECT_EQ(gate.ask(std::string(kPolicy) + "unscanned: warn\n", {nowhere, "--known-only"}).code, 0);

  auto began = steady_clock::now();
  Ran late = gate.ask(kPolicy, {miner, "--fresh", "--duration", "60s", "--timeout", "1s"});
  EXPECT_LT(steady_clock::now() - began, 15s);
  EXPECT_EQ(late.code, 11) << late.out << late.err;
  EXPECT_TRUE(has(late.out, "it was not done within 1s and goes on: assay watch ")) << late.out;
}

TEST(GateHere, ScansWithoutAFarmOnceAndEndsInTime) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto before = leftovers();
  ASSERT_TRUE(write_file(data.path() / "policy.yml", kPolicy));
  std::vector<std::string> args = {"gate",       "oci-archive:" + image("quiet").string(),
                                   "--policy",   data.path() / "policy.yml",
                                   "--duration", "2s",
                                   "--extend",   "0s",
                                   "--format",   "json"};
  Ran first = assay(data, args);
  EXPECT_EQ(first.code, 0) << first.out << first.err;
  std::string id = first.json()["decisions"][0]["scan_id"];

  std::string digest = first.json()["decisions"][0]["digest"];
  Ran known = assay(
      data, {"gate", "any.example/name@" + digest, "--policy", data.path() / "policy.yml", "--known-only"});
  EXPECT_EQ(known.code, 0) << known.out << known.err;
  EXPECT_TRUE(has(known.out, "assay report " + id + " --data ")) << known.out;

  args.insert(args.end(), {"--fresh", "--timeout", "1s"});
  args[5] = "60s";
  auto began = steady_clock::now();
  Ran late = assay(data, args);
  EXPECT_LT(steady_clock::now() - began, 30s);
  EXPECT_EQ(late.code, 11) << late.out << late.err;
  EXPECT_EQ(left_behind(before), std::set<std::string>());
}

}  // namespace
}  // namespace assay::e2e
