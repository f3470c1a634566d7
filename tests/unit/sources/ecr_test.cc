// ECR's lists and tokens, against an endpoint of ours that checks signatures and has bad days.
#include "sources/aws/ecr.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/farm/aws_cli.h"
#include "tests/farm/aws_ecr.h"
#include "tests/unit/sources/aws_support.h"

namespace assay::sources::aws {
namespace {

using Kind = farm::AwsFault::Kind;
using nlohmann::json;

std::string digest_of(int number) {
  char text[80];
  std::snprintf(text, sizeof text, "sha256:%064x", number);
  return text;
}

/// 230 repositories; "team/r000" has 250 images, each tenth without a tag, each seventh with two.
farm::EcrTestWorld world() {
  farm::EcrTestRegistry registry;
  for (int i = 0; i < 230; ++i) {
    char name[32];
    std::snprintf(name, sizeof name, "team/r%03d", i);
    registry[name];
  }
  for (int i = 0; i < 250; ++i) {
    farm::EcrTestImage image{digest_of(i)};
    if (i % 10 != 0) image.tags.push_back("1." + std::to_string(i));
    if (i % 10 != 0 && i % 7 == 0) image.tags.push_back("stable-" + std::to_string(i));
    image.pushed_s = 1'700'000'000 + i;
    image.size_bytes = static_cast<uint64_t>(1000 + i);
    registry["team/r000"].push_back(image);
  }
  farm::EcrTestWorld out;
  out.registries[{"123456789012", "eu-west-1"}] = std::move(registry);
  return out;
}

class EcrLists : public testing::Test {
 protected:
  EcrLists() {
    environment_.set("AWS_ACCESS_KEY_ID", kKeyId);
    environment_.set("AWS_SECRET_ACCESS_KEY", kSecret);
    farm::serve_ecr(server_, world());
  }
  Ecr ecr() { return Ecr("eu-west-1", server_.url(), chain_); }
  std::string outcome(const Status& status) {
    return status ? "ok" : std::string(to_string(status.error().code)) + ": " + status.error().what;
  }
  size_t repositories(Ecr& ecr) {
    size_t count = 0;
    Status done = ecr.each_repository([&](const EcrRepository&) { return ++count > 0; });
    EXPECT_TRUE(done) << done.error().what;
    return count;
  }
  std::set<std::string> ids(const std::string& repository) {
    std::set<std::string> out;
    Ecr asked = ecr();
    Status done = asked.each_image_id(repository, [&](const std::string& digest, const std::string& tag) {
      return out.insert(digest + " " + tag).second;
    });
    EXPECT_TRUE(done) << done.error().what;
    return out;
  }
  json awscli(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ecr");
    auto out = farm::aws_cli(server_.url(), {kKeyId, kSecret}, "eu-west-1", std::move(arguments));
    EXPECT_TRUE(out && out->status.shell_code() == 0) << (out ? out->err : out.error().what);
    return out ? json::parse(out->out, nullptr, false) : json();
  }

  CleanEnvironment environment_;
  farm::AwsServer server_ = start_server();
  CredentialChain chain_{{}};
};

TEST_F(EcrLists, EveryPageIsAskedFor) {
  Ecr ecr = this->ecr();
  EXPECT_EQ(repositories(ecr), 230u);
  EXPECT_EQ(server_.answered("DescribeRepositories"), 3u);
  EXPECT_EQ(ids("team/r000").size(), 250u + 32u);
  size_t images = 0;
  std::optional<EcrImage> last;
  Status done = ecr.each_image("team/r000", [&](EcrImage image) {
    last = std::move(image);
    return ++images > 0;
  });
  ASSERT_TRUE(done) << done.error().what;
  EXPECT_EQ(images, 250u);
  EXPECT_EQ(last->digest, digest_of(249));
  EXPECT_EQ(last->tags, std::vector<std::string>{"1.249"});
  EXPECT_EQ(last->pushed_s, 1'700'000'249);
  EXPECT_EQ(last->size_bytes, 1249u);
}

TEST_F(EcrLists, ListsEndWhenTheyHaveEnough) {
  Ecr ecr = this->ecr();
  size_t count = 0;
  ASSERT_TRUE(ecr.each_repository([&](const EcrRepository&) { return ++count < 5; }));
  EXPECT_EQ(count, 5u);
  EXPECT_EQ(server_.answered("DescribeRepositories"), 1u);
}

TEST_F(EcrLists, AreThoseOfAwscli) {
  ASSAY_NEED(farm::has_aws_cli(), "awscli");
  std::set<std::string> theirs, ours, names;
  json list = awscli({"list-images", "--repository-name", "team/r000"})["imageIds"];
  for (const json& image : list)
    theirs.insert(image.value("imageDigest", "") + " " + image.value("imageTag", ""));
  EXPECT_EQ(ids("team/r000"), theirs);
  theirs.clear();
  list = awscli({"describe-images", "--repository-name", "team/r000"})["imageDetails"];
  for (const json& image : list)
    theirs.insert(image.value("imageDigest", "") + " " + std::to_string(image.value("imageSizeInBytes", 0)) +
                  " " + image.value("imageTags", json::array()).dump());
  Ecr ecr = this->ecr();
  ASSERT_TRUE(ecr.each_image("team/r000", [&](const EcrImage& image) {
    return ours.insert(image.digest + " " + std::to_string(image.size_bytes) + " " + json(image.tags).dump())
        .second;
  }));
  EXPECT_EQ(ours, theirs);
  list = awscli({"describe-repositories"})["repositories"];
  for (const json& one : list) names.insert(one.value("repositoryUri", ""));
  ours.clear();
  ASSERT_TRUE(ecr.each_repository([&](const EcrRepository& one) { return ours.insert(one.uri).second; }));
  EXPECT_EQ(ours, names);
}

TEST_F(EcrLists, ThrottlingAndFailuresAmongPagesAreSurvived) {
  Ecr ecr = this->ecr();
  server_.inject({Kind::throttle, 2, "DescribeRepositories"});
  server_.inject({Kind::fail, 1, "DescribeRepositories"});
  server_.inject({Kind::cut, 1, "DescribeRepositories"});
  EXPECT_EQ(repositories(ecr), 230u);
  EXPECT_EQ(ecr.throttled(), 2u);
  EXPECT_EQ(server_.came("DescribeRepositories"), 3u + 4u);
}

TEST_F(EcrLists, WhatIsWrongIsNamed) {
  Ecr ecr = this->ecr();
  std::string said = outcome(ecr.each_image("team/none", [](const EcrImage&) { return true; }));
  EXPECT_TRUE(said.starts_with("not_found: repository team/none: ")) << said;
  server_.handle("ecr", "DescribeImages",
                 [](const farm::AwsAsk&) { return farm::AwsAnswer{R"({"images": 3})"}; });
  said = outcome(ecr.each_image("team/r000", [](const EcrImage&) { return true; }));
  EXPECT_EQ(said, "corrupt: repository team/r000: DescribeImages: the answer is none of ECR's");
  farm::EcrTestWorld odd = world();
  odd.registries.begin()->second["team/r001"].push_back({"sha256:../../etc"});
  farm::serve_ecr(server_, odd);
  said = outcome(ecr.each_image_id("team/r001", [](const std::string&, const std::string&) { return true; }));
  EXPECT_EQ(said, "corrupt: repository team/r001: ListImages: 'sha256:../../etc' is no digest");
}

TEST_F(EcrLists, TokensAreKeptForHalfOfTheirTimeAndNoLonger) {
  EcrLogin login("eu-west-1", server_.url(), "");
  int64_t now = now_s();
  auto got = login.get(now);
  ASSERT_TRUE(got) << got.error().what;
  EXPECT_EQ(got->user + ":" + got->password, "AWS:ecr-token");
  ASSERT_TRUE(login.get(now + 6 * 3600 - 60));
  EXPECT_EQ(server_.answered("GetAuthorizationToken"), 1u);
  ASSERT_TRUE(login.get(now + 6 * 3600 + 60));
  EXPECT_EQ(server_.answered("GetAuthorizationToken"), 2u);
  login.forget();
  ASSERT_TRUE(login.get(now + 6 * 3600 + 61));
  EXPECT_EQ(server_.answered("GetAuthorizationToken"), 3u);
}

TEST(EcrHost, IsAmazonsByName) {
  auto host = ecr_host("123456789012.dkr.ecr.eu-west-1.amazonaws.com");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->account + " " + host->region, "123456789012 eu-west-1");
  EXPECT_EQ(ecr_host("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn")->region, "cn-north-1");
  EXPECT_EQ(ecr_host("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com")->region, "us-east-1");
  for (const char* other :
       {"docker.io", "public.ecr.aws", "12345678901.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example", "123456789012.dkr.ecr..amazonaws.com",
        "123456789012.dkr.ecr.a/b.amazonaws.com", ""})
    EXPECT_FALSE(ecr_host(other)) << other;
}

}  // namespace
}  // namespace assay::sources::aws
