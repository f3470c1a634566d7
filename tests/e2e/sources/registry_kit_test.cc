// The registry that these tests speak to is a real one: it wants a login, by TLS.
#include <gtest/gtest.h>

#include "common/process.h"
#include "tests/e2e/assay.h"
#include "tests/farm/registry.h"
#include "tests/farm/registry_proxy.h"

namespace assay::e2e {
namespace {

TEST(SourcesKit, ARegistryWithTlsAndLoginLetsNobodyElseIn) {
  ASSAY_NEEDS_HOST();
  TempDir dir;
  auto registry = farm::TestRegistry::start(dir.path(), {true, "robot", "s3cret", ""});
  ASSERT_TRUE(registry) << registry.error().what;
  Status pushed = registry->push(image("quiet"), "team/quiet:1");
  ASSERT_TRUE(pushed) << pushed.error().what;
  auto tags = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = {
        "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", registry->url() + "/v2/team/quiet/tags/list"};
    argv.insert(argv.end(), more.begin(), more.end());
    auto done = run({.argv = argv}, std::chrono::seconds(20));
    return done ? done->out : done.error().what;
  };
  EXPECT_EQ(tags({"--cacert", registry->ca_file(), "-u", "robot:s3cret"}), "200");
  EXPECT_EQ(tags({"--cacert", registry->ca_file()}), "401");
  EXPECT_EQ(tags({"-u", "robot:s3cret"}), "000");
}

TEST(SourcesKit, AProxyInFrontForwardsAndHasBadDays) {
  ASSAY_NEEDS_HOST();
  TempDir dir;
  auto registry = farm::TestRegistry::start(dir.path());
  ASSERT_TRUE(registry) << registry.error().what;
  auto proxy = farm::RegistryProxy::start(registry->host());
  ASSERT_TRUE(proxy) << proxy.error().what;
  std::vector<std::string> push = {"skopeo",
                                   "--insecure-policy",
                                   "copy",
                                   "--quiet",
                                   "--dest-tls-verify=false",
                                   "oci-archive:" + image("quiet").string(),
                                   "docker://" + proxy->host() + "/team/quiet:1"};
  auto pushed = run({.argv = push}, std::chrono::seconds(60));
  ASSERT_TRUE(pushed) << pushed.error().what;
  ASSERT_EQ(pushed->status.shell_code(), 0) << pushed->err;
  EXPECT_GT(proxy->count("PUT /v2/team/quiet/manifests/1", 201), 0U);

  auto code = [](const std::string& url, std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {
        "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %header{retry-after}", url};
    argv.insert(argv.end(), more.begin(), more.end());
    auto done = run({.argv = argv}, std::chrono::seconds(20));
    return done ? done->out : done.error().what;
  };
  const std::string tags = "http://" + proxy->host() + "/v2/team/quiet/tags/list";
  proxy->inject(
      {.match = "/tags/list", .status = 429, .headers = {{"Retry-After", "7"}}, .times = 2, .every = 2});
  EXPECT_EQ(code(tags), "200 ");
  EXPECT_EQ(code(tags), "429 7");
  EXPECT_EQ(code(tags), "200 ");
  EXPECT_EQ(code(tags), "429 7");
  EXPECT_EQ(code(tags), "200 ");
  EXPECT_EQ(code(tags), "200 ");
  EXPECT_EQ(proxy->count("/tags/list", 429), 2U);
  EXPECT_EQ(proxy->count("/tags/list", 200), 4U);

  proxy->clear_faults();
  proxy->inject({.match = "/tags/list", .cut = true, .times = 1});
  EXPECT_EQ(code(tags).substr(0, 3), "200");  // curl says 18 (partial file) as its exit code
  proxy->inject({.latency = std::chrono::milliseconds(300)});
  auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(code(tags, {"-I"}), "200 ");
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(300));
}

}  // namespace
}  // namespace assay::e2e
