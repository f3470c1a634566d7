// Sweeps from outside: a real scheduler, killed at bad times, over a real registry, and over one with bad
// days; agents are simulated, so that hundreds of scans take seconds.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "common/digest.h"
#include "scheduler/keep.h"
#include "scheduler/sweeps/records.h"
#include "sources/http.h"
#include "tests/e2e/sources/ecr_kit.h"
#include "tests/farm/aws_ecr.h"
#include "tests/farm/farm.h"
#include "tests/farm/paper_registry.h"
#include "tests/farm/registry.h"
#include "tests/support.h"

namespace assay::e2e {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;
using std::chrono::steady_clock;

/// Images without anything in them but a name, so that each has a digest of its own.
class TinyImages {
 public:
  explicit TinyImages(std::string url) : url_(std::move(url)) {}
  TinyImages(std::string url, std::string user, std::string password)
      : url_(std::move(url)), login_({std::move(user), std::move(password)}) {}

  void trust(sources::HttpTls tls) { tls_ = std::move(tls); }
  /// The manifest's digest.
  Result<std::string> push(const std::string& repository, const std::string& tag, const std::string& name) {
    std::string config = Json{{"architecture", "amd64"},
                              {"os", "linux"},
                              {"config", {{"Labels", {{"name", name}}}, {"Cmd", {"/a"}}}},
                              {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array()}}}}
                             .dump();
    ASSAY_CHECK(blob(repository, config));
    std::string manifest = Json{
        {"schemaVersion", 2},
        {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
        {"config",
         {{"mediaType", "application/vnd.oci.image.config.v1+json"},
          {"digest", Digest::of(config).str()},
          {"size", config.size()}}},
        {"layers",
         Json::array()}}.dump();
    ASSAY_TRY(auto put, send("PUT", url_ + "/v2/" + repository + "/manifests/" + tag, manifest,
                             "application/vnd.oci.image.manifest.v1+json", 201));
    return Digest::of(manifest).str();
  }

 private:
  Status blob(const std::string& repository, const std::string& bytes) {
    ASSAY_TRY(auto begun, send("POST", url_ + "/v2/" + repository + "/blobs/uploads/", "", "", 202));
    std::string place = begun.header("location");
    place += (place.find('?') == std::string::npos ? "?" : "&") + ("digest=" + Digest::of(bytes).str());
    ASSAY_TRY(auto put, send("PUT", place, bytes, "application/octet-stream", 201));
    return Status();
  }
  Result<sources::HttpReply> send(const std::string& method, const std::string& url, const std::string& body,
                                  const std::string& type, int wanted) {
    sources::HttpAsk ask;
    ask.method = method;
    ask.url = url;
    ask.body = body;
    ask.basic = login_;
    ask.tls = tls_;
    if (!type.empty()) ask.headers.emplace_back("Content-Type", type);
    auto reply = http_.ask(ask);
    if (reply && reply->status == wanted) return reply;
    if (!reply) return reply.error();
    return Error{Errc::io, method + " " + url + ": " + std::to_string(reply->status) + reply->body};
  }

  std::string url_;
  std::optional<std::pair<std::string, std::string>> login_;
  sources::HttpTls tls_;
  sources::Http http_;
};

class Sweeps : public testing::Test {
 protected:
  void start_farm(size_t agents, std::vector<std::string> config = {}) {
    farm::FarmOptions options;
    options.dir = dir_.path();
    options.rules = rules_;
    options.tenants = {{"acme", 1}};
    options.config = std::move(config);
    options.lease = 60s;  // so that no lease is lost but by its agent
    for (size_t i = 0; i < agents; ++i) options.agents.push_back("sim-" + std::to_string(i));
    auto farm = farm::Farm::create(std::move(options));
    ASSERT_TRUE(farm) << farm.error().what;
    farm_.emplace(std::move(*farm));
    auto started = farm_->start();
    ASSERT_TRUE(started) << started.error().what << farm_->scheduler().log_text();
    settings_.endpoint = farm_->endpoint();
    settings_.slots = 4;
    settings_.run = 20ms;
    settings_.resend = 500ms;
    for (const auto& name : farm_->options().agents)
      agents_.emplace_back(name, settings_, agents_.size(),
                           [this](const std::string& agent) { return farm_->connect(context_, agent); });
  }

  Json call(int status, const std::string& method, const std::string& target, const Json& body = Json()) {
    auto api = farm_->api("acme");
    auto response = api.call(method, target, body.is_null() ? "" : body.dump(), 30s);
    if (!response) {
      ADD_FAILURE() << method << " " << target << ": " << response.error().what;
      return Json::object();
    }
    EXPECT_EQ(response->status, status) << method << " " << target << ": " << response->body << last_log();
    return Json::parse(response->body, nullptr, false);
  }
  std::string last_log() {
    std::string log = farm_->scheduler().log_text();
    return "\n" + log.substr(log.size() - std::min<size_t>(log.size(), 4000));
  }

  /// The agents work until `reached`, which is asked each `each`. False: not in time.
  bool work(std::chrono::seconds time, std::chrono::milliseconds each, const std::function<bool()>& reached) {
    auto next = steady_clock::now();
    for (auto end = next + time; steady_clock::now() < end;) {
      for (auto& agent : agents_)
        agent.turn(steady_clock::now(), [this](const farm::SimAgent&, const farm::SimSeen& seen) {
          if (seen.what != farm::SimSeen::What::leased) return;
          ++leases_;
          ++by_image_[seen.text.substr(seen.text.find('@') + 1)];
        });
      std::this_thread::sleep_for(2ms);
      if (steady_clock::now() < next) continue;
      if (reached()) return true;
      next = steady_clock::now() + each;
    }
    return false;
  }
  bool run_ended() {
    auto api = farm_->api("acme");
    auto response = api.call("GET", "/v1/sweeps/night", "", 10s);
    if (!response || response->status != 200) return false;
    Json sweep = Json::parse(response->body, nullptr, false);
    return sweep.is_object() && sweep["running"].is_null();
  }
  std::string run_now() { return call(200, "POST", "/v1/sweeps/night/run").value("run_id", ""); }

  struct Counts {
    std::map<std::string, uint64_t> images, repositories;
    std::map<std::string, std::string> reasons;  // by repository: its own, else its first image's
    std::map<std::string, uint64_t> scans;       // of the run's batch, by digest
    uint64_t not_done = 0;
    sweeps::RunRecord run;
  };
  /// What is on record of a run, when the scheduler has ended.
  Counts counts_of(const std::string& run_id) {
    Counts out;
    auto store = Store::open(farm_->store(), Store::Mode::read_only);
    EXPECT_TRUE(store) << store.error().what;
    if (!store) return out;
    sweeps::Records records(**store);
    Keep keep(**store);
    auto run = records.run("night", run_id);
    EXPECT_TRUE(run) << run.error().what;
    if (run) out.run = *run;
    EXPECT_TRUE(records.each_repository(run_id, [&](const sweeps::RepositoryRecord& repository) {
      ++out.repositories[to_string(repository.state)];
      std::string& reason = out.reasons[repository.name] = repository.reason;
      for (const auto& item : repository.items) {
        ++out.images[to_string(item.outcome)];
        if (reason.empty()) reason = item.reason;
      }
      return true;
    }));
    EXPECT_TRUE(keep.each_member(run_id, [&](const std::string& id) {
      auto scan = keep.scan(id);
      if (!scan) return true;
      ++out.scans[scan->submission.job.ref.substr(scan->submission.job.ref.find('@') + 1)];
      if (scan->state != ScanState::done) ++out.not_done;
      return true;
    }));
    return out;
  }

  TempDir dir_;
  std::filesystem::path rules_ = std::string(ASSAY_SOURCE_DIR) + "/rules";
  Context context_;
  farm::SimSettings settings_;
  std::optional<farm::Farm> farm_;
  std::vector<farm::SimAgent> agents_;
  uint64_t leases_ = 0;
  std::map<std::string, uint64_t> by_image_;  // leases, by digest
};

// What was traced by these programs and is judged by other rules now is judged again, and not run again.
TEST_F(Sweeps, OtherRulesAreHeldAgainstTheTracesThatThereAre) {
  auto registry = farm::TestRegistry::start(dir_.path());
  ASSERT_TRUE(registry) << registry.error().what;
  TinyImages images(registry->url());
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(images.push("team/app", std::to_string(i), "image " + std::to_string(i)));
  std::vector<std::filesystem::path> rules;
  for (const auto& file : std::filesystem::recursive_directory_iterator(rules_))
    if (file.path().extension() == ".yml" && file.path().string().find("/cases/") == std::string::npos)
      rules.push_back(file.path());
  ASSERT_GE(rules.size(), 2u);
  rules_ = dir_.path() / "rules";
  std::filesystem::create_directories(rules_);
  std::filesystem::copy_file(rules[0], rules_ / "one.yml");
  start_farm(1);
  call(201, "POST", "/v1/sweeps",
       {{"name", "night"}, {"sources", {{{"registry", registry->host()}, {"insecure", true}}}}});
  std::string first = run_now();
  ASSERT_TRUE(work(60s, 100ms, [&] { return run_ended(); })) << last_log();
  EXPECT_EQ(leases_, 3u);
  std::filesystem::copy_file(rules[1], rules_ / "two.yml");
  auto reloaded = farm_->api().call("POST", "/v1/reload", "{}", 30s);
  ASSERT_TRUE(reloaded && reloaded->status == 200) << (reloaded ? reloaded->body : reloaded.error().what);
  std::string second = run_now();
  ASSERT_TRUE(work(60s, 100ms, [&] { return run_ended(); })) << last_log();
  EXPECT_EQ(leases_, 3u);
  ASSERT_TRUE(farm_->scheduler().stop(20s));
  EXPECT_EQ(counts_of(first).images, (std::map<std::string, uint64_t>{{"submitted", 3}}));
  EXPECT_EQ(counts_of(second).images, (std::map<std::string, uint64_t>{{"rescored", 3}}));
}

// Nobody takes the scans: at the deadline they are no more to be done, and the report says so.
TEST_F(Sweeps, WhatHasNotBegunByTheDeadlineIsNotReached) {
  auto registry = farm::TestRegistry::start(dir_.path());
  ASSERT_TRUE(registry) << registry.error().what;
  TinyImages images(registry->url());
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(images.push("team/app", std::to_string(i), "image " + std::to_string(i)));
  start_farm(0);
  call(201, "POST", "/v1/sweeps",
       {{"name", "night"},
        {"sources", {{{"registry", registry->host()}, {"insecure", true}}}},
        {"deadline", "3s"}});
  std::string run = run_now();
  ASSERT_TRUE(work(60s, 100ms, [&] { return run_ended(); })) << last_log();
  Json report = call(200, "GET", "/v1/sweeps/night/report?format=json");
  EXPECT_EQ(report["not_reached"]["count"], 3) << report.dump(1);
  EXPECT_EQ(report["late"], 3) << report.dump(1);
  ASSERT_TRUE(farm_->scheduler().stop(20s));
}

// Amazon's registry: the token that lists began with is no longer good when the last repositories are asked.
TEST_F(Sweeps, AnAmazonAccountIsSweptThoughItsTokenExpiresMeanwhile) {
  sources::aws::CleanEnvironment environment;  // the scheduler's, too
  environment.set("AWS_ACCESS_KEY_ID", sources::aws::kKeyId);
  environment.set("AWS_SECRET_ACCESS_KEY", sources::aws::kSecret);
  auto registry = farm::TestRegistry::start(dir_.path(), {true, "AWS", "first", ""});
  ASSERT_TRUE(registry) << registry.error().what;
  TinyImages images(registry->url(), "AWS", "first");
  farm::EcrTestWorld world;
  world.host = registry->host();
  world.password = "first";
  auto& there = world.registries[{"123456789012", "eu-west-1"}];
  sources::HttpTls tls;
  tls.ca_files = {registry->ca_file()};
  images.trust(tls);
  for (int i = 0; i < 30; ++i) {
    std::string name = "team/app" + std::to_string(i);
    auto digest = images.push(name, "1", "image " + std::to_string(i));
    ASSERT_TRUE(digest) << digest.error().what;
    farm::EcrTestImage image{*digest};
    image.tags = {"1"};
    image.pushed_s = 1'700'000'000 + i;
    there[name] = {image};
  }
  farm::AwsServer aws = sources::aws::start_server();
  farm::serve_ecr(aws, world);
  start_farm(1, {"certs = " + registry->certs_dir().string()});
  call(201, "POST", "/v1/sweeps",
       {{"name", "night"},
        {"sources",
         {{{"ecr",
            {{"regions", {"eu-west-1"}}, {"endpoint", aws.url()}, {"registry_host", registry->host()}}}}}},
        {"platforms", {"linux/amd64"}},  // so that the registry itself is asked of each image
        {"parallel", 1}});
  run_now();
  ASSERT_TRUE(work(60s, 1ms, [&] { return leases_ >= 3; })) << last_log();
  // The registry takes another password from now on, which is what Amazon hands out then.
  auto line = run({.argv = {"htpasswd", "-Bbn", "-C", "4", "AWS", "second"}}, 20s);
  ASSERT_TRUE(line) << line.error().what;
  world.password = "second";
  farm::serve_ecr(aws, world);
  ASSERT_TRUE(write_file(dir_.path() / "htpasswd", line->out));
  ASSERT_TRUE(work(120s, 100ms, [&] { return run_ended(); })) << last_log();
  EXPECT_EQ(leases_, 30u) << last_log();
  EXPECT_GE(aws.answered("GetAuthorizationToken"), 2u);
  ASSERT_TRUE(farm_->scheduler().stop(20s));
}

constexpr size_t kRepositories = 40, kImages = 300;

TEST_F(Sweeps, KilledTwiceARunScansEachDigestOnceAndTheNextOnlyWhatIsNew) {
  auto registry = farm::TestRegistry::start(dir_.path());
  ASSERT_TRUE(registry) << registry.error().what;
  TinyImages images(registry->url());
  auto repository = [](size_t i) { return "team/app" + std::to_string(i % kRepositories); };
  for (size_t i = 0; i < kImages; ++i) {
    auto pushed = images.push(repository(i), "v" + std::to_string(i), "image " + std::to_string(i));
    ASSERT_TRUE(pushed) << pushed.error().what;
  }
  start_farm(4);
  Json spec = {{"name", "night"},
               {"sources", {{{"registry", registry->host()}, {"insecure", true}}}},
               {"parallel", 2},
               {"profile", {{"duration_ms", 2000}, {"extension_ms", 0}, {"provoke", false}}}};
  call(201, "POST", "/v1/sweeps", spec);
  std::string first = run_now();

  // Once while it is listed, once while it is scanned.
  for (uint64_t kill_at : {uint64_t{30}, uint64_t{200}}) {
    ASSERT_TRUE(work(120s, 1ms, [&] { return leases_ >= kill_at; })) << leases_ << last_log();
    farm_->scheduler().kill_now();
    auto again = farm_->start();
    ASSERT_TRUE(again) << again.error().what << last_log();
  }
  ASSERT_TRUE(work(180s, 200ms, [&] { return run_ended(); })) << leases_ << last_log();
  EXPECT_EQ(by_image_.size(), kImages);
  EXPECT_EQ(leases_, kImages);
  for (const auto& [digest, leases] : by_image_) EXPECT_EQ(leases, 1u) << digest;

  std::string second = run_now();
  ASSERT_TRUE(work(60s, 200ms, [&] { return run_ended(); })) << last_log();
  EXPECT_EQ(leases_, kImages);

  for (size_t i = 0; i < 5; ++i)
    ASSERT_TRUE(images.push(repository(i * 7), "new", "new image " + std::to_string(i)));
  std::string third = run_now();
  ASSERT_TRUE(work(60s, 200ms, [&] { return run_ended(); })) << last_log();
  EXPECT_EQ(leases_, kImages + 5);

  ASSERT_TRUE(farm_->scheduler().stop(20s));
  Counts one = counts_of(first), two = counts_of(second), three = counts_of(third);
  EXPECT_EQ(one.scans.size(), kImages);
  for (const auto& [digest, scans] : one.scans) EXPECT_EQ(scans, 1u) << digest;
  EXPECT_EQ(one.not_done, 0u);
  EXPECT_EQ(one.images, (std::map<std::string, uint64_t>{{"submitted", kImages}}));
  EXPECT_EQ(two.images, (std::map<std::string, uint64_t>{{"known", kImages}}));
  EXPECT_TRUE(two.scans.empty());
  EXPECT_EQ(three.images, (std::map<std::string, uint64_t>{{"known", kImages}, {"submitted", 5}}));
  EXPECT_EQ(three.scans.size(), 5u);
}

TEST_F(Sweeps, TwoThousandRepositoriesOfARegistryWithBadDaysAllHaveTheirReason) {
  farm::PaperOptions options;
  auto add = [&](const std::string& kind, size_t count) {
    for (size_t i = 0; i < count; ++i) options.repositories.push_back(kind + "/r" + std::to_string(i));
  };
  add("fine", 1900);
  add("slow", 40);
  add("shaky", 20);
  add("broken", 10);
  add("gone", 10);
  add("denied", 10);
  add("torn", 7);
  add("hang", 3);
  options.each = 2ms;
  options.limit_every = 600;
  auto registry = farm::PaperRegistry::start(options);
  ASSERT_TRUE(registry) << registry.error().what;
  farm::PaperOptions never;
  never.repositories = {"fine/never"};
  never.limit_every = 1;
  never.retry_after_s = 3600;
  auto busy = farm::PaperRegistry::start(never);
  ASSERT_TRUE(busy) << busy.error().what;

  start_farm(8, {"sweep-limit = 2s"});
  Json spec = {{"name", "night"},
               {"sources",
                {{{"registry", registry->host()}, {"insecure", true}},
                 {{"registry", busy->host()}, {"insecure", true}},
                 {{"registry", "127.0.0.1:1"}, {"insecure", true}}}},
               {"parallel", 16},
               {"most_scans", 1900},
               {"deadline", "90s"},
               {"profile", {{"duration_ms", 2000}, {"extension_ms", 0}, {"provoke", false}}}};
  call(201, "POST", "/v1/sweeps", spec);
  std::string run_id = run_now();
  auto begun = steady_clock::now();
  ASSERT_TRUE(work(200s, 500ms, [&] { return run_ended(); })) << leases_ << last_log();
  EXPECT_LT(steady_clock::now() - begun, 150s);
  EXPECT_GT(registry->limited(), 3u);
  EXPECT_LT(busy->limited(), 5u);  // it was left alone, as it said

  auto api = farm_->api("acme");
  auto text = api.call("GET", "/v1/sweeps/night/report?format=text", "", 30s);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->status, 200) << text->body;
  for (const std::string& word : {std::string("broken/r0"), std::string("hang/r1"), busy->host()})
    EXPECT_NE(text->body.find(word), std::string::npos) << word << "\n" << text->body;

  ASSERT_TRUE(farm_->scheduler().stop(20s));
  Counts all = counts_of(run_id);
  EXPECT_EQ(all.images["submitted"], 1900u);
  EXPECT_EQ(all.images["not_reached"], 60u);   // beyond most_scans
  EXPECT_EQ(all.images["failed"], 7u);         // torn
  EXPECT_EQ(all.repositories["failed"], 33u);  // broken, gone, denied, hang
  EXPECT_EQ(all.repositories["done"], 1967u);
  EXPECT_EQ(all.repositories["waiting"], 0u);
  EXPECT_NE(all.reasons["hang/r0"].find("too long"), std::string::npos) << all.reasons["hang/r0"];
  for (const char* name : {"broken/r0", "gone/r0", "denied/r0", "torn/r0"})
    EXPECT_FALSE(all.reasons[name].empty()) << name;
  EXPECT_FALSE(all.run.listed_all);
  EXPECT_EQ(all.run.trouble.size(), 2u);
  for (const std::string& line : all.run.trouble) GTEST_LOG_(INFO) << line;
  for (const char* name : {"broken/r0", "gone/r0", "denied/r0", "torn/r0", "hang/r0"})
    GTEST_LOG_(INFO) << name << ": " << all.reasons[name];
}

}  // namespace
}  // namespace assay::e2e
