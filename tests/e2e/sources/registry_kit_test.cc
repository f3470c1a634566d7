// The registry that these tests speak to is a real one: it wants a login, by TLS.
#include <gtest/gtest.h>

#include "common/process.h"
#include "tests/e2e/assay.h"
#include "tests/farm/registry.h"

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
    std::vector<std::string> argv = {"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}",
                                     registry->url() + "/v2/team/quiet/tags/list"};
    argv.insert(argv.end(), more.begin(), more.end());
    auto done = run({.argv = argv}, std::chrono::seconds(20));
    return done ? done->out : done.error().what;
  };
  EXPECT_EQ(tags({"--cacert", registry->ca_file(), "-u", "robot:s3cret"}), "200");
  EXPECT_EQ(tags({"--cacert", registry->ca_file()}), "401");
  EXPECT_EQ(tags({"-u", "robot:s3cret"}), "000");
}

}  // namespace
}  // namespace assay::e2e
