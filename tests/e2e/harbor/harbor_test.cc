// Harbor's side of its scanner API against a running gateway and scheduler: every operation, status and media
// type that Harbor publishes, by a validator that is not ours (tests/readers/harbor.mjs), and one image that
// only Harbor's own login opens.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <sstream>
#include <thread>

#include "common/encodings.h"
#include "common/fd.h"
#include "scheduler/keep.h"
#include "tests/e2e/assay.h"
#include "tests/farm/farm.h"
#include "tests/farm/registry.h"
#include "tests/farm/sim_agent.h"

namespace assay::e2e {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr char kReport10[] = "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0";
constexpr char kReport11[] = "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.1";
constexpr char kGeneric[] = "application/vnd.security.vulnerability.report; version=1.1";
constexpr char kRaw[] = "application/vnd.scanner.adapter.vuln.report.raw";
constexpr char kMetadata10[] = "application/vnd.scanner.adapter.metadata+json; version=1.0";
constexpr char kMetadata11[] = "application/vnd.scanner.adapter.metadata+json; version=1.1";
constexpr char kScanRequest[] = "application/vnd.scanner.adapter.scan.request+json; version=1.1";
constexpr char kDocker[] = "application/vnd.docker.distribution.manifest.v2+json";
constexpr char kToken[] = "token-of-harbor";
constexpr char kPassword[] = "robots-secret-for-this-pull";
const std::string kDigest = "sha256:" + std::string(64, '7');

json scan_request(const std::string& url, const std::string& repository, const std::string& digest,
                  const std::string& authorization = "") {
  return {
      {"registry", {{"url", url}, {"authorization", authorization}}},
      {"artifact", {{"repository", repository}, {"digest", digest}, {"tag", "1.0"}, {"mime_type", kDocker}}},
      {"enabled_capabilities",
       json::array({{{"type", "vulnerability"}, {"produces_mime_types", {kGeneric}}}})}};
}
json sim_request(const std::string& kind) {
  // Each kind has a digest of its own: a result counts for its digest, wherever that lies.
  return scan_request("http://sim.example:5000", "sim/team/" + kind + "/app",
                      kind == "bad" ? "sha256:" + std::string(64, 'b') : kDigest);
}
json post(const std::string& name, const json& body, int status) {
  return {{"name", name},     {"operation", "AcceptScanRequest"},
          {"method", "POST"}, {"path", "/api/v1/scan"},
          {"status", status}, {"headers", {{"Content-Type", kScanRequest}}},
          {"body", body}};
}
json report(const std::string& name, const std::string& of, const std::string& accept, int status) {
  json out = {{"name", name},
              {"operation", "GetScanReport"},
              {"path", "/api/v1/scan/" + of + "/report"},
              {"status", status}};
  if (!accept.empty()) out["headers"]["Accept"] = accept;
  if (!accept.empty() && status == 200) out["type"] = accept;
  out["until_ready"] = status != 302;
  return out;
}
json metadata(const std::string& name, const std::string& accept, int status) {
  return {{"name", name},
          {"operation", "GetMetadata"},
          {"path", "/api/v1/metadata"},
          {"status", status},
          {"headers", {{"Accept", accept}}}};
}

class HarborContract : public testing::Test {
 protected:
  void SetUp() override {
    farm::FarmOptions options;
    options.dir = dir_.path();
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.agents = {"sim", "real"};
    auto farm = farm::Farm::create(options);
    ASSERT_TRUE(farm) << farm.error().what;
    farm_.emplace(std::move(*farm));
    Status started = farm_->start();
    ASSERT_TRUE(started) << started.error().what;
    start_gateway();
  }
  void TearDown() override { stop_simulated(); }

  fs::path file(const std::string& name, const std::string& text) {
    fs::path path = dir_.path() / name;
    EXPECT_TRUE(write_file(path.string(), text, 0600));
    return path;
  }
  void start_gateway() {
    auto port = farm::free_port();
    ASSERT_TRUE(port);
    base_ = "http://127.0.0.1:" + std::to_string(*port);
    credential_ = file("harbor.token", std::string(kToken) + "\n");
    gateway_.emplace(
        std::vector<std::string>{
            bin("assay-gateway"), "--listen", "127.0.0.1:" + std::to_string(*port), "--scheduler",
            farm_->url(), "--token-file", file("gateway.token", farm_->token("operator") + "\n"), "--policy",
            file("policy.yaml", "schema: assay.policy/1\nname: any\nfail: {verdict: malicious}\n"),
            "--harbor", "bearer", "--harbor-credential-file", credential_, "--harbor-plain-http", "on",
            "--harbor-refresh", "1s", "--harbor-duration", "3s"},
        dir_.path() / "gateway.log");
    ASSERT_TRUE(gateway_->start());
    for (auto end = steady_clock::now() + 20s; steady_clock::now() < end; std::this_thread::sleep_for(50ms))
      if (farm::Http(*port, "").call("GET", "/probe/ready")) return;
    FAIL() << gateway_->log_text();
  }

  void start_simulated() {
    settings_.endpoint = farm_->endpoint();
    settings_.run = 1000ms;
    simulated_ = std::thread([this] {
      Context context;
      farm::SimAgent agent("sim", settings_, 7,
                           [&](const std::string& name) { return farm_->connect(context, name); });
      while (!end_) {
        agent.turn(steady_clock::now(), [](const farm::SimAgent&, const farm::SimSeen&) {});
        std::this_thread::sleep_for(2ms);
      }
    });
  }
  void stop_simulated() {
    end_ = true;
    if (simulated_.joinable()) simulated_.join();
  }

  /// What Harbor was answered, by step; the contract held in each.
  std::map<std::string, json> ask(const std::vector<json>& steps,
                                  const std::vector<std::string>& operations) {
    // Where node finds the validator.
    fs::path script = dir_.path() / "harbor.mjs";
    std::error_code ignored;
    fs::copy_file(std::string(ASSAY_SOURCE_DIR) + "/tests/readers/harbor.mjs", script, ignored);
    fs::create_directory(dir_.path() / "schemas", ignored);
    fs::copy_file(std::string(ASSAY_SOURCE_DIR) + "/tests/readers/schemas/harbor-scanner.json",
                  dir_.path() / "schemas/harbor-scanner.json", ignored);
    fs::create_directory_symlink(
        fs::canonical(std::string(ASSAY_SOURCE_DIR) + "/build/readers/node_modules", ignored),
        dir_.path() / "node_modules", ignored);
    json plan = {{"base", base_},
                 {"headers", {{"Authorization", std::string("Bearer ") + kToken}}},
                 {"steps", steps},
                 {"operations", operations}};
    auto done = run({.argv = {"node", script, file("plan.json", plan.dump())}}, 240s, 64 << 20);
    if (!done) {
      ADD_FAILURE() << done.error().what;
      return {};
    }
    EXPECT_EQ(done->status.shell_code(), 0) << done->err << gateway_->log_text();
    std::map<std::string, json> out;
    std::istringstream lines(done->out);
    for (std::string line; std::getline(lines, line);) {
      json answer = json::parse(line, nullptr, false);
      out[answer["name"]] = answer;
    }
    return out;
  }
  static json body(const json& answer) { return json::parse(answer.value("text", ""), nullptr, false); }

  bool any_login() {
    auto store = Store::open(farm_->store(), Store::Mode::read_only);
    EXPECT_TRUE(store) << store.error().what;
    auto any = Keep(**store).any_login();
    return any && *any;
  }
  /// Files below `dir` that have the text in them.
  static std::string found_in(const fs::path& dir, const std::string& text) {
    auto done = run({.argv = {"grep", "-rlaF", "--", text, dir}}, 60s);
    return done ? done->out : done.error().what;
  }

  TempDir dir_, images_;
  std::optional<farm::Farm> farm_;
  std::optional<farm::Daemon> gateway_, agent_;
  farm::SimSettings settings_;
  std::thread simulated_;
  std::atomic<bool> end_ = false;
  std::string base_;
  fs::path credential_;
};

TEST_F(HarborContract, EveryOperationAnswersAsPublished) {
  ASSAY_NEED(fs::exists(std::string(ASSAY_SOURCE_DIR) + "/build/readers/node_modules/ajv"),
             "node's ajv: ./run test");
  start_simulated();
  json bad_type = sim_request("good"), no_artifact = sim_request("good"), sbom = sim_request("good"),
       chart = sim_request("good");
  bad_type["artifact"]["digest"] = 7;
  no_artifact.erase("artifact");
  sbom["enabled_capabilities"] = json::array({{{"type", "sbom"}}});
  chart["artifact"]["mime_type"] = "application/vnd.cncf.helm.config.v1+json";
  json old = sim_request("good");
  old.erase("enabled_capabilities");
  old["artifact"].erase("mime_type");
  old["artifact"]["digest"] = "sha256:" + std::string(64, '8');
  json no_token = metadata("no token", kMetadata10, 401);
  no_token["operation"] = "";
  no_token["headers"]["Authorization"] = "Bearer another";
  json sbom_of_no_kind = report("sbom of no kind", "{id:scan}", kGeneric, 400);
  sbom_of_no_kind["path"] = "/api/v1/scan/{id:scan}/report?sbom_media_type=x";
  auto answers =
      ask({metadata("metadata 1.0", kMetadata10, 200),
           metadata("metadata 1.1", kMetadata11, 200),
           no_token,
           post("scan", sim_request("good"), 202),
           report("early", "{id:scan}", kGeneric, 302),
           report("generic", "{id:scan}", kGeneric, 200),
           report("harbor 1.0", "{id:scan}", kReport10, 200),
           report("harbor 1.1", "{id:scan}", kReport11, 200),
           report("raw", "{id:scan}", kRaw, 200),
           report("no accept", "{id:scan}", "", 200),
           post("of version 1.0", old, 202),
           report("of 1.0", "{id:of version 1.0}", kReport10, 200),
           post("failing", sim_request("bad"), 202),
           report("failed", "{id:failing}", kGeneric, 500),
           post("no json", "{\"registry\":", 400),
           post("wrong type", bad_type, 400),
           post("no artifact", no_artifact, 422),
           post("no url", scan_request("INVALID_REGISTRY_URL", "a/b", kDigest), 422),
           post("no digest", scan_request("https://harbor.example", "a/b", "latest"), 422),
           post("no repository", scan_request("https://harbor.example", "A/../b", kDigest), 422),
           post("token", scan_request("https://harbor.example", "a/b", kDigest, "Bearer ey"), 422),
           post("no login", scan_request("https://harbor.example", "a/b", kDigest, "Basic !"), 422),
           post("sbom wanted", sbom, 501),
           post("a chart", chart, 501),
           report("unknown", "20260101T000000-00000000", kGeneric, 404),
           report("no id", "x", kGeneric, 404),
           report("sbom", "{id:scan}", "application/vnd.security.sbom.report+json; version=1.0", 501),
           sbom_of_no_kind},
          {"GetMetadata 200 " + std::string(kMetadata10), "GetMetadata 200 " + std::string(kMetadata11),
           "AcceptScanRequest 202", "AcceptScanRequest 400", "AcceptScanRequest 422", "AcceptScanRequest 501",
           "GetScanReport 302", "GetScanReport 400", "GetScanReport 404", "GetScanReport 500",
           "GetScanReport 501", "GetScanReport 200 " + std::string(kGeneric),
           "GetScanReport 200 " + std::string(kReport10), "GetScanReport 200 " + std::string(kReport11),
           "GetScanReport 200 " + std::string(kRaw)});
  json said = body(answers["generic"]);
  EXPECT_EQ(
      said["artifact"],
      (json{
          {"repository", "sim/team/good/app"}, {"digest", kDigest}, {"tag", "1.0"}, {"mime_type", kDocker}}));
  EXPECT_EQ(said, body(answers["harbor 1.0"]));
  EXPECT_EQ(said, body(answers["no accept"]));
  // A simulated agent sees one event: no verdict of clean comes of that, and it must not look like one.
  std::string verdict = body(answers["raw"])["verdict"];
  EXPECT_EQ(said["vulnerabilities"].empty(), verdict == "clean") << said;
  if (verdict == "inconclusive") {
    EXPECT_EQ(said["vulnerabilities"][0]["id"], "ASSAY-INCONCLUSIVE");
  }
  EXPECT_NE(body(answers["failed"])["error"]["message"].get<std::string>().find("failed"), std::string::npos);
  EXPECT_EQ(body(answers["token"])["error"]["message"].get<std::string>().find("ey"), std::string::npos);
}

TEST_F(HarborContract, WithoutItsSchedulerNothingIsTakenAndNothingLost) {
  ASSAY_NEED(fs::exists(std::string(ASSAY_SOURCE_DIR) + "/build/readers/node_modules/ajv"),
             "node's ajv: ./run test");
  auto before = ask({post("scan", sim_request("good"), 202)}, {});
  std::string id = body(before["scan"])["id"];
  ASSERT_TRUE(farm_->scheduler().stop(20s));
  json ready = {{"name", "ready"}, {"path", "/probe/ready"}, {"status", 503}};
  json healthy = {{"name", "healthy"}, {"path", "/probe/healthy"}, {"status", 200}};
  ask({post("scan", sim_request("good"), 500), report("under way", id, kGeneric, 302), ready, healthy},
      {"AcceptScanRequest 500", "GetScanReport 302"});
  file("harbor.token", "");
  ask({metadata("no credential", kMetadata11, 500)}, {"GetMetadata 500"});
}

TEST_F(HarborContract, AnImageIsPulledWithHarborsLoginAndNoOther) {
  ASSAY_NEEDS_HOST();
  ASSAY_NEED(fs::exists(std::string(ASSAY_SOURCE_DIR) + "/build/readers/node_modules/ajv"),
             "node's ajv: ./run test");
  auto registry = farm::TestRegistry::start(images_.path(), {false, "robot$scan", kPassword, ""});
  ASSERT_TRUE(registry) << registry.error().what;
  for (const char* sample : {"quiet", "miner"})
    ASSERT_TRUE(registry->push(image(sample), std::string("team/") + sample + ":1.0"));
  auto digest = [&](const std::string& name) {
    auto done =
        run({.argv = {"skopeo", "inspect", "--tls-verify=false", "--authfile", registry->auth_file(),
                      "--format", "{{.Digest}}", "docker://" + registry->host() + "/team/" + name + ":1.0"}},
            30s);
    return done ? done->out.substr(0, done->out.find('\n')) : "";
  };
  const std::string credentials = base64(std::string("robot$scan:") + kPassword);
  auto wrong =
      scan_request(registry->url(), "team/quiet", digest("quiet"), "Basic " + base64("robot$scan:another"));
  auto right = scan_request(registry->url(), "team/miner", digest("miner"), "Basic " + credentials);
  auto queued = ask({post("right", right, 202), post("wrong", wrong, 202)}, {});
  EXPECT_TRUE(any_login()) << "it outlives a scheduler";
  EXPECT_EQ(found_in(farm_->store(), credentials) + found_in(farm_->store(), kPassword), "");
  // Over a restart, and with a host that could log in by itself.
  ASSERT_TRUE(farm_->scheduler().stop(20s));
  ASSERT_TRUE(farm_->start());
  auto argv = farm_->agent_argv("real", dir_.path() / "agent", 2);
  ASSERT_TRUE(argv) << argv.error().what;
  ::setenv("REGISTRY_AUTH_FILE", registry->auth_file().c_str(), 1);
  agent_.emplace(*argv, dir_.path() / "agent.log");
  ASSERT_TRUE(agent_->start());
  ::unsetenv("REGISTRY_AUTH_FILE");
  auto answers = ask({report("wrong", body(queued["wrong"])["id"], kGeneric, 500),
                      report("right", body(queued["right"])["id"], kGeneric, 200)},
                     {});
  EXPECT_NE(answers["wrong"].dump().find("login"), std::string::npos) << answers["wrong"];
  json said = body(answers["right"]);
  EXPECT_EQ(said["severity"], "Critical") << said.dump(1);
  EXPECT_EQ(said["vulnerabilities"][0]["id"], "ASSAY-MALICIOUS");
  EXPECT_NE(said.dump().find("https://attack.mitre.org/techniques/T1496"), std::string::npos);
  EXPECT_FALSE(any_login()) << "its login went with its end";
  auto api = farm_->api();
  for (const char* target : {"/v1/scans", "/v1/queue", "/metrics"}) {
    auto answer = api.call("GET", target);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body.find(credentials), std::string::npos) << target;
  }
  for (const std::string& secret : {credentials, std::string(kPassword)})
    EXPECT_EQ(found_in(dir_.path(), secret), "");
}

}  // namespace
}  // namespace assay::e2e
