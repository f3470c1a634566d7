// Images from a real registry that wants TLS, a login and patience: what scans and agents make of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <thread>

#include "common/digest.h"
#include "common/fd.h"
#include "tests/e2e/assay.h"
#include "tests/farm/farm.h"
#include "tests/farm/registry.h"
#include "tests/farm/registry_proxy.h"

namespace assay::e2e {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using std::chrono::steady_clock;

class SourcesPull : public testing::Test {
 protected:
  void start_registry(const farm::RegistryOptions& options = {true, "robot", "s3cret", ""}) {
    auto registry = farm::TestRegistry::start(dir_.path(), options);
    ASSERT_TRUE(registry) << registry.error().what;
    registry_.emplace(std::move(*registry));
  }
  void push(const std::string& sample, const std::string& name) {
    Status pushed = registry_->push(image(sample), name);
    ASSERT_TRUE(pushed) << pushed.error().what;
  }
  Ran scan(const std::string& name, std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"scan",       registry_->host() + "/" + name,
                                     "--duration", "3s",
                                     "--format",   "json",
                                     "--certs",    registry_->certs_dir(),
                                     "--authfile", registry_->auth_file()};
    args.insert(args.end(), more.begin(), more.end());
    return assay(dir_, args);
  }
  // curl as the robot; the body, or with "-I" the head.
  std::string curl(const std::string& path, std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {
        "curl", "-sS", "--cacert", registry_->ca_file(), "-u", "robot:s3cret", registry_->url() + path};
    argv.insert(argv.end(), more.begin(), more.end());
    auto done = run({.argv = argv}, 20s);
    EXPECT_TRUE(done && done->status.shell_code() == 0) << (done ? done->err : done.error().what);
    return done ? done->out : "";
  }
  json manifest_of(const std::string& repository, const std::string& tag) {
    return json::parse(curl("/v2/" + repository + "/manifests/" + tag,
                            {"-H", "Accept: application/vnd.oci.image.manifest.v1+json"}),
                       nullptr, false);
  }
  std::string digest_of(const std::string& repository, const std::string& tag) {
    std::string bytes = curl("/v2/" + repository + "/manifests/" + tag,
                             {"-H", "Accept: application/vnd.oci.image.manifest.v1+json"});
    return Digest::of(bytes).str();
  }
  // Under `tag`: `digest` for amd64, and the same bytes said to be for others, which nobody here may take.
  void put_index(const std::string& repository, const std::string& tag, const json& manifests) {
    json index = {{"schemaVersion", 2},
                  {"mediaType", "application/vnd.oci.image.index.v1+json"},
                  {"manifests", manifests}};
    ASSERT_TRUE(write_file(dir_.path() / "index.json", index.dump()));
    std::string said =
        curl("/v2/" + repository + "/manifests/" + tag,
             {"-X", "PUT", "-H", "Content-Type: application/vnd.oci.image.index.v1+json", "--data-binary",
              "@" + (dir_.path() / "index.json").string(), "-o", "/dev/null", "-w", "%{http_code}"});
    ASSERT_EQ(said, "201");
  }
  static json entry(const std::string& digest, size_t size, const std::string& architecture,
                    const std::string& variant = "") {
    json platform = {{"os", "linux"}, {"architecture", architecture}};
    if (!variant.empty()) platform["variant"] = variant;
    return {{"mediaType", "application/vnd.oci.image.manifest.v1+json"},
            {"digest", digest},
            {"size", size},
            {"platform", platform}};
  }

  TempDir dir_;
  std::optional<farm::TestRegistry> registry_;
};

TEST_F(SourcesPull, ATagThatMovesIsAnotherImageAtTheNextScan) {
  ASSAY_NEEDS_HOST();
  start_registry();
  push("quiet", "team/app:1");
  Ran first = scan("team/app:1");
  ASSERT_EQ(first.code, 0) << first.err;
  push("miner", "team/app:1");
  Ran second = scan("team/app:1");
  ASSERT_EQ(second.code, 10) << second.err;
  EXPECT_EQ(second.json()["image"]["digest"], digest_of("team/app", "1"));
  EXPECT_NE(first.json()["image"]["digest"], second.json()["image"]["digest"]);
  EXPECT_TRUE(rules(first.json()) != rules(second.json()));
  // What has changed is said in words, and by the exit code.
  std::string before = first.json()["scan"]["id"], after = second.json()["scan"]["id"];
  Ran diff = assay(dir_, {"diff", before, after});
  EXPECT_EQ(diff.code, 10) << diff.err;
  for (const char* said : {"clean", "malicious", "Miner started", "pool.minexmr.com", "/usr/local/bin/xmrig"})
    EXPECT_NE(diff.out.find(said), std::string::npos) << said << " in:\n" << diff.out;
  EXPECT_EQ(assay(dir_, {"diff", after, after}).code, 0);
}

TEST_F(SourcesPull, WithoutItsCertificateOrLoginARegistryIsRefusedInWords) {
  ASSAY_NEEDS_HOST();
  start_registry();
  push("quiet", "team/app:1");
  TempDir nothing;
  Ran unknown = scan("team/app:1", {"--certs", nothing.path()});
  EXPECT_EQ(unknown.code, 2) << "an option twice is an error of usage";
  std::vector<std::string> plain = {"scan", registry_->host() + "/team/app:1", "--duration", "2s"};
  auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), plain.begin(), plain.end());
    return assay(dir_, more);
  };
  Ran stranger = with({"--authfile", registry_->auth_file(), "--certs", nothing.path()});
  EXPECT_EQ(stranger.code, 1);
  EXPECT_NE(stranger.err.find("cannot be verified"), std::string::npos) << stranger.err;
  ASSERT_TRUE(write_file(dir_.path() / "nobody.json", "{}"));
  Ran nobody = with({"--certs", registry_->certs_dir(), "--authfile", dir_.path() / "nobody.json"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_NE(nobody.err.find("wants a login"), std::string::npos) << nobody.err;
  EXPECT_EQ(nobody.err.find("s3cret"), std::string::npos);
}

TEST_F(SourcesPull, OfAnIndexThePlatformOfTheHostIsTaken) {
  ASSAY_NEEDS_HOST();
  start_registry();
  push("quiet", "team/app:quiet");
  push("miner", "team/app:miner");
  const std::string quiet = digest_of("team/app", "quiet"), miner = digest_of("team/app", "miner");
  const size_t size =
      curl("/v2/team/app/manifests/quiet", {"-H", "Accept: application/vnd.oci.image.manifest.v1+json"})
          .size();
  ASSERT_TRUE(manifest_of("team/app", "quiet").contains("config"));
  // The miner's manifest stands for the other architecture's.
  const size_t other =
      curl("/v2/team/app/manifests/miner", {"-H", "Accept: application/vnd.oci.image.manifest.v1+json"})
          .size();
  put_index("team/app", "both",
            json::array({entry(miner, other, "arm64", "v8"), entry(quiet, size, "amd64")}));
  put_index("team/app", "arm", json::array({entry(miner, other, "arm64", "v8")}));
  Ran both = scan("team/app:both");
  ASSERT_EQ(both.code, 0) << both.err;
  EXPECT_EQ(both.json()["image"]["digest"], quiet);
  EXPECT_EQ(both.json()["scan"]["platform"], "");
  Ran named = scan("team/app:both", {"--platform", "linux/amd64/v1"});
  ASSERT_EQ(named.code, 0) << named.err;
  EXPECT_EQ(named.json()["image"]["digest"], quiet);
  EXPECT_EQ(named.json()["scan"]["platform"], "linux/amd64");
  Ran foreign = scan("team/app:both", {"--platform", "linux/arm64"});
  EXPECT_EQ(foreign.code, 2);
  EXPECT_NE(foreign.err.find("--platform linux/arm64 cannot be run on this host, which runs linux/amd64"),
            std::string::npos)
      << foreign.err;
  Ran none = scan("team/app:arm");
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(none.err.find("no image for linux/amd64, only for: linux/arm64"), std::string::npos) << none.err;
}

// A scheduler and two agents of it, each a process of its own.
class SourcesPullFarm : public SourcesPull {
 protected:
  void start_farm() {
    farm::FarmOptions options;
    options.dir = dir_.path() / "farm";
    fs::create_directories(options.dir);
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.agents = {"metal-1", "metal-2"};
    options.tenants = {{"acme", 1}};
    options.first_delay = 200ms;
    auto made = farm::Farm::create(std::move(options));
    ASSERT_TRUE(made) << made.error().what;
    farm_.emplace(std::move(*made));
    Status started = farm_->start();
    ASSERT_TRUE(started) << started.error().what << farm_->scheduler().log_text();
    for (const std::string name : {"metal-1", "metal-2"}) {
      auto argv = farm_->agent_argv(name, dir_.path() / name, 1);
      ASSERT_TRUE(argv) << argv.error().what;
      agents_.emplace_back(*argv, dir_.path() / (name + ".log"));
      ASSERT_TRUE(agents_.back().start());
    }
    for (auto end = steady_clock::now() + 60s; connected() < 2;) {
      ASSERT_LT(steady_clock::now(), end) << agents_[0].log_text() << agents_[1].log_text();
      std::this_thread::sleep_for(100ms);
    }
  }
  void TearDown() override {
    if (!HasFailure() || !farm_) return;
    std::cerr << farm_->scheduler().log_text();
    for (const auto& agent : agents_) std::cerr << agent.log_text();
  }
  json get(const std::string& path) {
    auto answer = farm_->api().call("GET", path);
    return answer ? json::parse(answer->body, nullptr, false) : json();
  }
  long connected() {
    const json said = get("/v1/agents");
    const json agents = said.is_object() ? said.value("agents", json::array()) : json::array();
    return std::count_if(agents.begin(), agents.end(),
                         [](const json& one) { return one.value("connected", false); });
  }
  std::vector<std::string> submit(const std::vector<std::string>& refs) {
    json scans = json::array();
    for (const std::string& ref : refs)
      scans.push_back({{"ref", ref}, {"insecure", true}, {"duration_ms", 2000}, {"extension_ms", 0}});
    auto answer = farm_->api("acme").call("POST", "/v1/scans", json{{"scans", scans}}.dump());
    EXPECT_TRUE(answer && answer->status < 300) << (answer ? answer->body : answer.error().what);
    json said = answer ? json::parse(answer->body, nullptr, false) : json();
    return said.is_object() ? said.value("scan_ids", std::vector<std::string>()) : std::vector<std::string>();
  }
  std::string state(const std::string& id) { return get("/v1/scans/" + id).value("state", ""); }

  std::optional<farm::Farm> farm_;
  std::vector<farm::Daemon> agents_;
};

TEST_F(SourcesPullFarm, RetryAfterIsRespectedByTwoAgentsTogether) {
  ASSAY_NEEDS_HOST();
  start_registry({});
  const std::vector<std::string> samples = {"quiet", "miner", "sleeper", "dropper"};
  for (const std::string& sample : samples) push(sample, "team/" + sample + ":1");
  auto proxy = farm::RegistryProxy::start(registry_->host());
  ASSERT_TRUE(proxy) << proxy.error().what;
  start_farm();
  if (HasFatalFailure()) return;
  constexpr auto kPause = 8s;
  proxy->inject({.match = "/v2/", .status = 429, .headers = {{"Retry-After", "8"}}});
  std::vector<std::string> refs;
  for (const std::string& sample : samples) refs.push_back(proxy->host() + "/team/" + sample + ":1");
  // One is told; then more come while the other agent is idle.
  auto ids = submit({refs[0]});
  ASSERT_EQ(ids.size(), 1u);
  for (auto end = steady_clock::now() + 60s; farm_->scheduler().count_in_log("event=attempt_failed") == 0;) {
    ASSERT_LT(steady_clock::now(), end) << "nobody has asked the registry";
    std::this_thread::sleep_for(5ms);
  }
  proxy->clear_faults();
  const auto before = proxy->seen();
  ASSERT_FALSE(before.empty());
  const auto told = before.back().at;
  for (auto& id : submit({refs[1], refs[2], refs[3]})) ids.push_back(id);
  ASSERT_EQ(ids.size(), 4u);
  for (auto end = steady_clock::now() + 120s;;) {
    if (std::all_of(ids.begin(), ids.end(), [&](const auto& id) { return state(id) == "done"; })) break;
    ASSERT_LT(steady_clock::now(), end);
    std::this_thread::sleep_for(200ms);
  }
  const auto all = proxy->seen();
  ASSERT_GT(all.size(), before.size());
  for (size_t i = before.size(); i < all.size(); ++i)
    EXPECT_GE(all[i].at - told, kPause) << all[i].method << " " << all[i].target;
  // Both have worked afterwards, and nobody's attempt was counted as a failure.
  std::set<std::string> who;
  for (const auto& id : ids) {
    json scan = get("/v1/scans/" + id);
    who.insert(scan.value("agent", ""));
    EXPECT_EQ(scan.value("failures", -1), 0) << scan;
  }
  EXPECT_EQ(who.size(), 2u);
  // Both at once: what the other has on the way may still come within this second, and nothing more.
  proxy->forget_seen();
  proxy->inject({.match = "/v2/", .status = 429, .headers = {{"Retry-After", "8"}}});
  for (const std::string tag : {"a", "b", "c", "d"}) push("quiet", "team/again:" + tag);
  auto more = submit({proxy->host() + "/team/again:a", proxy->host() + "/team/again:b",
                      proxy->host() + "/team/again:c", proxy->host() + "/team/again:d"});
  for (auto end = steady_clock::now() + 60s; proxy->count("", 429) == 0;) {
    ASSERT_LT(steady_clock::now(), end);
    std::this_thread::sleep_for(5ms);
  }
  const auto seen = proxy->seen();
  const auto start =
      std::find_if(seen.begin(), seen.end(), [](const auto& one) { return one.status == 429; })->at;
  std::this_thread::sleep_until(start + 6s);
  proxy->clear_faults();
  for (auto end = steady_clock::now() + 120s;;) {
    if (std::all_of(more.begin(), more.end(), [&](const auto& id) { return state(id) == "done"; })) break;
    ASSERT_LT(steady_clock::now(), end);
    std::this_thread::sleep_for(200ms);
  }
  for (const auto& one : proxy->seen())
    EXPECT_TRUE(one.at - start < 1500ms || one.at - start >= kPause)
        << one.method << " " << one.target << " "
        << std::chrono::duration_cast<std::chrono::milliseconds>(one.at - start).count() << " ms after";
}

// A sweep as an operator makes it, on real agents: what is there once, what is new the next time.
TEST_F(SourcesPullFarm, ASweepFromTheCommandLineScansWhatIsNewAndTellsOfIt) {
  ASSAY_NEEDS_HOST();
  start_registry({});
  push("quiet", "team/quiet:1");
  push("miner", "team/miner:1");
  push("quiet", "other/left-out:1");
  start_farm();
  if (HasFatalFailure()) return;
  ASSERT_TRUE(write_file(dir_.path() / "token", farm_->token("operator") + "\n", 0600));
  auto sweep = [&](std::vector<std::string> args) {
    args.insert(args.begin(), {bin("assay"), "sweep"});
    args.insert(args.end(), {"--server", farm_->url(), "--token-file", dir_.path() / "token"});
    auto done = run({.argv = args}, 120s);
    EXPECT_TRUE(done) << done.error().what;
    return done ? Ran{done->status.shell_code(), done->out, done->err} : Ran{};
  };
  Ran added = sweep({"add", "nightly", "--source", registry_->host(), "--insecure", "--repositories",
                     "team/*", "--duration", "4s", "--extend", "0s", "--no-provoke"});
  ASSERT_EQ(added.code, 0) << added.err;
  Ran first = sweep({"run", "nightly", "--wait"});
  EXPECT_EQ(first.code, 10) << first.out << first.err;
  EXPECT_NE(first.out.find("/team/miner:1"), std::string::npos) << first.out;
  EXPECT_EQ(first.out.find("left-out"), std::string::npos) << first.out;
  Ran again = sweep({"run", "nightly", "--wait"});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
  push("dropper", "team/dropper:1");
  Ran third = sweep({"run", "nightly", "--wait"});
  json report = sweep({"report", "nightly", "--format", "json"}).json();
  EXPECT_EQ(third.code, 10) << third.out << third.err;
  EXPECT_EQ(report["scanned"], 1) << report.dump(1);
  EXPECT_EQ(report["new_malicious"]["items"].size(), 1u) << report.dump(1);
  auto leases = farm_->metric("assay_leases_total");
  ASSERT_TRUE(leases) << leases.error().what;
  EXPECT_EQ(*leases, 3);
}

TEST_F(SourcesPullFarm, AJobForAPlatformThatNobodyRunsWaitsAndSaysSo) {
  ASSAY_NEEDS_HOST();
  start_farm();
  if (HasFatalFailure()) return;
  auto answer = farm_->api("acme").call(
      "POST", "/v1/scans", R"({"scans":[{"ref":"registry.invalid/app:1","platform":"linux/arm64/v8"}]})");
  ASSERT_TRUE(answer) << answer.error().what;
  ASSERT_LT(answer->status, 300) << answer->body;
  std::string id = json::parse(answer->body)["scan_ids"][0];
  json scan;
  for (auto end = steady_clock::now() + 20s; steady_clock::now() < end; std::this_thread::sleep_for(100ms)) {
    scan = get("/v1/scans/" + id);
    if (scan.dump().find("no agent for linux/arm64") != std::string::npos) break;
  }
  EXPECT_NE(scan.dump().find("no agent for linux/arm64"), std::string::npos) << scan;
  EXPECT_EQ(scan.value("platform", ""), "linux/arm64/v8");
  EXPECT_EQ(get("/v1/agents")["agents"][0]["platforms"][0], "linux/amd64");
}

}  // namespace
}  // namespace assay::e2e
