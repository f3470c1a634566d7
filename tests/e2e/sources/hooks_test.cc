// A real registry's own notifications reach a real scheduler: a push starts one scan, a registry with another
// secret nothing.
#include <gtest/gtest.h>

#include <thread>

#include "common/process.h"
#include "scheduler/hooks/hook.h"
#include "tests/e2e/assay.h"
#include "tests/farm/aws_server.h"
#include "tests/farm/aws_sqs.h"
#include "tests/farm/farm.h"
#include "tests/farm/registry.h"

namespace assay::e2e {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

std::string notifications(const std::string& url, const std::string& secret) {
  return "  endpoints:\n    - name: assay\n      url: " + url +
         "\n      headers:\n        Authorization: [Bearer " + secret +
         "]\n      timeout: 2s\n      threshold: 2\n      backoff: 200ms\n";
}

Result<farm::TestRegistry> start_registry(const TempDir& dir, const std::string& yaml) {
  farm::RegistryOptions options;
  options.notifications = yaml;
  return farm::TestRegistry::start(dir.path(), options);
}

template <class Done>
bool soon(Done done) {
  for (auto end = std::chrono::steady_clock::now() + 30s; std::chrono::steady_clock::now() < end;
       std::this_thread::sleep_for(50ms))
    if (done()) return true;
  return false;
}

class SourcesHooks : public testing::Test {
 protected:
  void SetUp() override {
    farm::FarmOptions options;
    options.dir = dir_.path();
    options.rules = std::string(ASSAY_SOURCE_DIR) + "/rules";
    options.config = {"hooks = " + hook_file().string()};
    auto farm = farm::Farm::create(options);
    ASSERT_TRUE(farm) << farm.error().what;
    farm_.emplace(std::move(*farm));
    Status started = farm_->start();
    ASSERT_TRUE(started) << started.error().what;
  }
  std::filesystem::path hook_file() { return dir_.path() / "hooks"; }
  /// By the command, as an operator does: URL and secret.
  std::pair<std::string, std::string> make_hook(const std::string& name) {
    auto made = run({.argv = {bin("assay"), "hooks", "new", name, "registry", "insecure=yes", "--file",
                              hook_file(), "--tenant", "team", "--url", farm_->url()}},
                    20s);
    EXPECT_TRUE(made && made->status.shell_code() == 0) << (made ? made->err : made.error().what);
    if (!made) return {};
    size_t end = made->out.find('\n');
    std::string secret = made->out.substr(end + 1);
    return {made->out.substr(0, end), secret.substr(0, secret.find('\n'))};
  }
  json scans() {
    auto api = farm_->api();
    auto answer = api.call("GET", "/v1/scans");
    EXPECT_TRUE(answer) << answer.error().what;
    return answer ? json::parse(answer->body, nullptr, false)["scans"] : json();
  }
  double metric(const std::string& name, const std::string& labels) {
    auto value = farm_->metric(name, labels);
    return value ? *value : -1;
  }

  TempDir dir_;
  std::optional<farm::Farm> farm_;
};

TEST_F(SourcesHooks, ARegistrysOwnNotificationStartsOneScan) {
  auto [url, secret] = make_hook("night");
  EXPECT_EQ(url, farm_->url() + "/v1/hooks/night");
  TempDir of_registry;
  auto registry = start_registry(of_registry, notifications(url, secret));
  ASSERT_TRUE(registry) << registry.error().what;
  Status pushed = registry->push(image("quiet"), "team/quiet:1.0");
  ASSERT_TRUE(pushed) << pushed.error().what;
  EXPECT_TRUE(soon([&] { return !scans().empty(); }));
  json all = scans();
  ASSERT_EQ(all.size(), 1u) << all.dump();
  std::string ref = all[0]["ref"];
  EXPECT_EQ(ref.substr(0, ref.find('@')), registry->host() + "/team/quiet");
  EXPECT_EQ(all[0]["labels"]["hook"], "night");
  EXPECT_EQ(all[0]["labels"]["image"], registry->host() + "/team/quiet:1.0");
  EXPECT_EQ(all[0]["tenant"], "team");
  EXPECT_EQ(metric("assay_hook_pushes_total", "outcome=\"started\""), 1);
  EXPECT_EQ(metric("assay_hook_refusals_total", ""), 0);
}

TEST_F(SourcesHooks, ARegistryWithAnotherSecretStartsNothingAndIsCounted) {
  auto [url, secret] = make_hook("night");
  TempDir of_registry;
  auto registry = start_registry(of_registry, notifications(url, "another secret"));
  ASSERT_TRUE(registry) << registry.error().what;
  ASSERT_TRUE(registry->push(image("quiet"), "team/quiet:1.0"));
  EXPECT_TRUE(soon([&] { return metric("assay_hook_refusals_total", "reason=\"secret\"") > 0; }));
  EXPECT_TRUE(scans().empty());
}

// EventBridge's other way: the event waits in a queue, and the scheduler fetches it.
TEST_F(SourcesHooks, AnEventInAQueueStartsOneScanHoweverOftenItIsThere) {
  ASSERT_EQ(::setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1), 0);
  ASSERT_EQ(::setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", 1), 0);
  ASSERT_TRUE(farm_->scheduler().stop(20s)) << "it starts again with these in its environment";
  auto server = farm::AwsServer::start({{"AKIDEXAMPLE", "wJalrXUtnFEMI"}});
  ASSERT_TRUE(server) << server.error().what;
  farm::AwsQueue queue(*server, "pushes", 500ms);
  hooks::Hook hook;
  hook.name = "amazon";
  hook.sender = hooks::Sender::ecr;
  hook.tenant = "team";
  hook.queue = queue.url();
  hook.region = "eu-west-1";
  hook.endpoint = server->url();
  ASSERT_TRUE(hooks::add_hook(hook_file(), hook));
  const std::string event =
      R"({"version":"0","id":"13cde686-328b-6117-af20-0e5566167482","detail-type":"ECR Image Action",)"
      R"("source":"aws.ecr","account":"123456789012","time":"2026-11-29T22:10:05Z","region":"eu-west-1",)"
      R"("resources":[],"detail":{"result":"SUCCESS","repository-name":"team/app","image-digest":"sha256:)" +
      std::string(64, 'a') + R"(","action-type":"PUSH","image-tag":"1.0"}})";
  for (int i = 0; i < 3; ++i) queue.send(event);
  ASSERT_TRUE(farm_->start());
  EXPECT_TRUE(soon([&] { return queue.size() == 0; }));
  json all = scans();
  ASSERT_EQ(all.size(), 1u) << all.dump();
  EXPECT_EQ(all[0]["ref"],
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app@sha256:" + std::string(64, 'a'));
  EXPECT_EQ(metric("assay_hook_pushes_total", "outcome=\"seen\""), 2);
}

}  // namespace
}  // namespace assay::e2e
