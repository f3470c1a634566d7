// ECR sources on bad days: a small server of ours throttles, fails and refuses credentials, and
// docker-registry takes tokens no more.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "common/digest.h"
#include "tests/e2e/assay.h"
#include "tests/e2e/sources/ecr_kit.h"
#include "tests/farm/aws_ecr.h"
#include "tests/farm/aws_server.h"
#include "tests/farm/aws_sts.h"
#include "tests/farm/registry.h"

namespace assay::e2e {
namespace {

using nlohmann::json;
using sources::aws::kSecret;

class EcrBadDays : public EcrEnvironment {
 protected:
  // htpasswd of the registry: who had a token is let in no more.
  static void let_in(const TempDir& dir, const std::string& password) {
    auto made = run({.argv = {"htpasswd", "-Bbn", "-C", "4", "AWS", password}}, std::chrono::seconds(20));
    ASSERT_TRUE(made) << made.error().what;
    std::ofstream(dir.path() / "htpasswd", std::ios::trunc) << made->out;
  }
  // As at Amazon's, the endpoint's next tokens are good for what is let in now.
  void give(const std::string& password) {
    farm::EcrTestWorld world;
    world.password = password;
    farm::serve_ecr(server_, world);
  }
  farm::AwsServer server_ = sources::aws::start_server();
};

TEST_F(EcrBadDays, ATokenThatExpiresInMidSweepIsRenewedOnce) {
  ASSAY_NEEDS_HOST();
  TempDir dir;
  auto registry = farm::TestRegistry::start(dir.path(), {true, "AWS", "token-one", ""});
  ASSERT_TRUE(registry) << registry.error().what;
  const std::vector<std::string> names = {"team/a", "team/b", "team/c", "team/d"};
  for (const std::string& name : names) ASSERT_TRUE(registry->push(image("quiet"), name + ":1"));
  give("token-one");
  auto all = opened(spec_of(server_.url(), {"eu-west-1"}, {}, registry->host()), registry->certs_dir());
  ASSERT_EQ(all.size(), 1u);
  for (const std::string& name : names) {
    if (name == "team/c") {
      let_in(dir, "token-two");
      give("token-two");
    }
    auto now = all[0]->resolve({registry->host(), name}, "1");
    ASSERT_TRUE(now) << name << ": " << now.error().what;
    auto platforms = all[0]->platforms({registry->host(), name}, *now);
    ASSERT_TRUE(platforms) << name << ": " << platforms.error().what;
  }
  EXPECT_EQ(server_.answered("GetAuthorizationToken"), 2u);
  // One that is refused at once is no reason to go on asking; and it is in no error.
  let_in(dir, "token-three");
  auto refused = all[0]->resolve({registry->host(), "team/a"}, "1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied) << refused.error().what;
  EXPECT_EQ(refused.error().what.find("token-"), std::string::npos) << refused.error().what;
  EXPECT_EQ(server_.answered("GetAuthorizationToken"), 3u);
}

TEST_F(EcrBadDays, TwelveHundredRepositoriesAreFoundWhileCallsAreThrottledFailAndCredentialsExpire) {
  const std::vector<std::string> regions = {"eu-west-1", "us-east-1", "ap-southeast-2"};
  const std::vector<std::string> roles = {"arn:aws:iam::111111111111:role/Reader",
                                          "arn:aws:iam::222222222222:role/Reader"};
  farm::EcrTestWorld world;
  for (const char* account : {"111111111111", "222222222222"})
    for (const std::string& region : regions)
      for (int i = 0; i < 200; ++i) world.registries[{account, region}]["team/r" + std::to_string(i)];
  world.most_per_page = 50;
  farm::serve_ecr(server_, world);
  farm::serve_sts(server_, {.external_ids = {{roles[0], ""}, {roles[1], ""}}});
  using Kind = farm::AwsFault::Kind;
  auto begin = std::chrono::steady_clock::now();
  auto all = opened(spec_of(server_.url(), regions, roles));
  ASSERT_EQ(all.size(), 6u);
  std::set<std::string> found;
  for (const auto& source : all) {
    // Between the first page and the second.
    size_t seen = 0;
    Status done = source->each_repository([&](const Repository& one) {
      if (++seen == 50)
        for (Kind kind : {Kind::throttle, Kind::fail, Kind::expired, Kind::garbage})
          server_.inject({kind, 1, "DescribeRepositories"});
      return found.insert(one.str()).second;
    });
    EXPECT_TRUE(done) << done.error().what;
    EXPECT_EQ(seen, 200u);
  }
  auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(found.size(), 1200u);
  EXPECT_EQ(server_.answered("DescribeRepositories"), 24u);    // four pages of each
  EXPECT_EQ(server_.came("DescribeRepositories"), 24u + 24u);  // and four faults
  EXPECT_EQ(server_.answered("AssumeRole"), 6u + 6u);          // anew when they had expired
  printf("small server: 1200 repositories, %llu calls, %llu of them faults: %lld ms\n",
         static_cast<unsigned long long>(server_.came("DescribeRepositories")), 24ULL,
         static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

TEST_F(EcrBadDays, ARoleThatMayNotBeAssumedIsNamedAndTheOthersGoOn) {
  const std::string good = "arn:aws:iam::111111111111:role/Reader",
                    bad = "arn:aws:iam::222222222222:role/Closed";
  farm::EcrTestWorld world;
  world.registries[{"111111111111", "eu-west-1"}]["team/app"];
  farm::serve_ecr(server_, world);
  farm::serve_sts(server_, {.external_ids = {{good, ""}}});
  auto all = opened(spec_of(server_.url(), {"eu-west-1"}, {bad, good}));
  ASSERT_EQ(all.size(), 2u);
  Status refused = all[0]->each_repository([](const Repository&) { return true; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_NE(refused.error().what.find(bad), std::string::npos) << refused.error().what;
  EXPECT_EQ(refused.error().what.find(kSecret), std::string::npos) << refused.error().what;
  EXPECT_EQ(all_of(*all[1]).size(), 1u);
}

TEST_F(EcrBadDays, TimesBeyondAllReasonAreNone) {
  server_.handle("ecr", "DescribeRepositories", [](const farm::AwsAsk&) {
    return farm::AwsAnswer{
        R"({"repositories": [{"repositoryName": "a", "repositoryUri": "x.example/a", "createdAt": 9e14}]})"};
  });
  server_.handle("ecr", "DescribeImages", [](const farm::AwsAsk&) {
    return farm::AwsAnswer{
        json{{"imageDetails", {{{"imageDigest", Digest::of("a").str()}, {"imagePushedAt", -9e14}}}}}.dump()};
  });
  auto all = opened(spec_of(server_.url(), {"eu-west-1"}));
  ASSERT_EQ(all.size(), 1u);
  auto repositories = all_of(*all[0]);
  ASSERT_EQ(repositories.size(), 1u);
  EXPECT_EQ(repositories[0].created_ns, 0);
  auto images = all[0]->images(repositories[0]);
  ASSERT_TRUE(images) << images.error().what;
  EXPECT_EQ(images->front().pushed_ns, 0);
}

}  // namespace
}  // namespace assay::e2e
