// assay images, as its user runs it, against a real registry with TLS, an authority of its own and a login.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/e2e/assay.h"
#include "tests/farm/registry.h"
#include "tests/farm/registry_proxy.h"

namespace assay::e2e {
namespace {

Ran images(std::vector<std::string> args) {
  args.insert(args.begin(), {bin("assay"), "images"});
  auto output = run({.argv = std::move(args)}, std::chrono::seconds(60), 64 << 20);
  if (output) return {output->status.shell_code(), output->out, output->err};
  ADD_FAILURE() << output.error().what;
  return {};
}

std::vector<nlohmann::json> lines_of(const std::string& out) {
  std::vector<nlohmann::json> lines;
  std::istringstream in(out);
  for (std::string line; std::getline(in, line);)
    lines.push_back(nlohmann::json::parse(line, nullptr, false));
  return lines;
}

TEST(SourcesImages, AreListedAsAFilterTakesThemByWhoMayAndTrusts) {
  ASSAY_NEEDS_HOST();
  TempDir dir;
  auto registry = farm::TestRegistry::start(dir.path(), {true, "robot", "s3cret", ""});
  ASSERT_TRUE(registry) << registry.error().what;
  for (const char* name : {"team/app:1.0", "team/app:1.1", "team/app:edge", "team/db:2.0", "other/web:3.0"}) {
    Status pushed = registry->push(image("quiet"), name);
    ASSERT_TRUE(pushed) << pushed.error().what;
  }
  const std::string host = registry->host();
  std::vector<std::string> known = {"--certs", registry->certs_dir(), "--authfile", registry->auth_file()};
  auto with = [&](std::vector<std::string> args) {
    args.insert(args.end(), known.begin(), known.end());
    return images(args);
  };

  Ran all = with({host});
  EXPECT_EQ(all.code, 0) << all.err;
  for (const char* name : {"/team/app:1.0", "/team/app:edge", "/team/db:2.0", "/other/web:3.0"})
    EXPECT_NE(all.out.find(host + name + "\n"), std::string::npos) << all.out;
  EXPECT_EQ(all.err, "assay: 5 images of 3 repositories\n");

  Ran some = with({host, "--repositories", "team/*", "--semver", ">=1.1", "--platforms", "--format", "json"});
  EXPECT_EQ(some.code, 0) << some.err;
  auto found = lines_of(some.out);
  ASSERT_EQ(found.size(), 2u) << some.out;
  EXPECT_EQ(found[0]["repository"], "team/app");
  EXPECT_EQ(found[0]["tag"], "1.1");
  EXPECT_EQ(found[0]["platform"], "linux/amd64");
  EXPECT_EQ(found[0]["digest"].get<std::string>().size(), 71u);
  EXPECT_EQ(found[0]["digest"], found[1]["digest"]) << "the same image under two names";
  EXPECT_EQ(some.err, "assay: 2 images of 2 repositories; left out: 1 repository, 2 images\n");

  Ran named = with({host + "/team/db,team/none"});
  EXPECT_EQ(named.code, 1);
  EXPECT_EQ(named.out, host + "/team/db:2.0\n");
  EXPECT_NE(named.err.find("team/none"), std::string::npos) << named.err;

  Ran stranger = images({host, "--certs", registry->certs_dir(), "--authfile", "/dev/null"});
  EXPECT_EQ(stranger.code, 1);
  EXPECT_NE(stranger.err.find(host), std::string::npos) << stranger.err;
  Ran untrusted = images({host, "--authfile", registry->auth_file()});
  EXPECT_EQ(untrusted.code, 1);
  EXPECT_NE(untrusted.err.find("certificate"), std::string::npos) << untrusted.err;
  for (const Ran* ran : {&all, &some, &named, &stranger, &untrusted})
    EXPECT_EQ((ran->out + ran->err).find("s3cret"), std::string::npos) << "a secret is never shown";
}

TEST(SourcesImages, ARegistryThatIsBusyIsWaitedFor) {
  ASSAY_NEEDS_HOST();
  TempDir dir;
  auto registry = farm::TestRegistry::start(dir.path());
  ASSERT_TRUE(registry) << registry.error().what;
  ASSERT_TRUE(registry->push(image("quiet"), "team/app:1.0"));
  auto proxy = farm::RegistryProxy::start(registry->host());
  ASSERT_TRUE(proxy) << proxy.error().what;
  proxy->inject({.match = "/tags/list", .status = 429, .headers = {{"Retry-After", "2"}}, .times = 1});
  auto before = std::chrono::steady_clock::now();
  Ran ran = images({proxy->host(), "--insecure"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, proxy->host() + "/team/app:1.0\n");
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
  EXPECT_EQ(proxy->count("/tags/list", 429), 1u);
}

}  // namespace
}  // namespace assay::e2e
