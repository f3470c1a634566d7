// Amazon's registries without Amazon: the control plane is moto, which is not ours, or a small server that has bad
// days; the data plane is docker-registry with TLS and the login AWS:TOKEN.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "common/digest.h"
#include "sources/aws/ecr.h"
#include "sources/source.h"
#include "tests/e2e/assay.h"
#include "tests/farm/aws_cli.h"
#include "tests/farm/aws_server.h"
#include "tests/farm/moto.h"
#include "tests/farm/registry.h"
#include "tests/unit/sources/aws_support.h"

namespace assay::e2e {
namespace {

using nlohmann::json;
using sources::Repository;
using sources::SourceSpec;
using sources::aws::CleanEnvironment;
using sources::aws::kKeyId;
using sources::aws::kSecret;

constexpr const char* kAccount = "123456789012";
constexpr const char* kMotoToken = "123456789012-auth-token";  // what moto's tokens say, whoever asks
constexpr const char* kTarget = "AmazonEC2ContainerRegistry_V20150921";

std::vector<std::unique_ptr<sources::Source>> opened(const SourceSpec& spec, const fs::path& certs = {}) {
  sources::SourceOptions options;
  options.places.certs_dir = certs;
  auto out = sources::open_source(spec, options);
  EXPECT_TRUE(out) << out.error().what;
  return out ? std::move(*out) : std::vector<std::unique_ptr<sources::Source>>();
}

std::vector<Repository> all_of(sources::Source& source) {
  std::vector<Repository> out;
  Status done = source.each_repository([&](Repository one) {
    out.push_back(std::move(one));
    return true;
  });
  EXPECT_TRUE(done) << done.error().what;
  return out;
}

std::string tags(const std::vector<std::string>& names) {
  std::set<std::string> sorted(names.begin(), names.end());
  return json(sorted).dump();
}

class Environment : public testing::Test {
 protected:
  Environment() {
    environment_.set("AWS_ACCESS_KEY_ID", kKeyId);
    environment_.set("AWS_SECRET_ACCESS_KEY", kSecret);
  }
  CleanEnvironment environment_;
};

class EcrMoto : public Environment {
 protected:
  void SetUp() override {
    ASSAY_NEED(::geteuid() == 0, "root, to make and enter moto's root");
    auto moto = farm::Moto::start(ASSAY_SOURCE_DIR);
    ASSAY_NEED(moto, moto.error().what);
    moto_.emplace(std::move(*moto));
  }

  sources::aws::Client client(sources::aws::CredentialChain& chain, const std::string& region) {
    return {{"ecr", region, moto_->url(), kTarget, "1.1"}, chain};
  }
  void create(sources::aws::Client& client, const std::string& name) {
    auto done = client.call("CreateRepository", json{{"repositoryName", name}}.dump());
    ASSERT_TRUE(done) << done.error().what;
  }
  // A manifest of its own for each number.
  void put(sources::aws::Client& client, const std::string& name, const std::string& tag, int number) {
    auto blob = [&](int size) { return "sha256:" + sha256_hex(std::to_string(number) + "/" + std::to_string(size)); };
    json manifest{{"schemaVersion", 2},
                  {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                  {"config", {{"mediaType", "application/vnd.oci.image.config.v1+json"}, {"size", 7}, {"digest", blob(7)}}},
                  {"layers", {{{"mediaType", "application/vnd.oci.image.layer.v1.tar"}, {"size", 9}, {"digest", blob(9)}}}}};
    auto done = client.call("PutImage", json{{"repositoryName", name}, {"imageTag", tag},
                                             {"imageManifest", manifest.dump()}}.dump());
    ASSERT_TRUE(done) << done.error().what;
  }
  json awscli(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "ecr");
    auto out = farm::aws_cli(moto_->url(), {kKeyId, kSecret}, "eu-west-1", std::move(arguments));
    EXPECT_TRUE(out && out->status.shell_code() == 0) << (out ? out->err : out.error().what);
    return out ? json::parse(out->out, nullptr, false) : json();
  }

  std::optional<farm::Moto> moto_;
  sources::aws::CredentialChain chain_{{}};
};

TEST_F(EcrMoto, ListsAreThoseOfAwscli) {
  ASSAY_NEED(farm::has_aws_cli(), "awscli");
  auto client = this->client(chain_, "eu-west-1");
  for (int i = 0; i < 12; ++i) create(client, "team/r" + std::to_string(i));
  for (int i = 0; i < 20; ++i) put(client, "team/r0", "1." + std::to_string(i), i);
  put(client, "team/r0", "stable", 3);  // a second tag of 1.3's digest
  sources::aws::Ecr ecr("eu-west-1", moto_->url(), chain_);

  std::set<std::string> ours, theirs;
  ASSERT_TRUE(ecr.each_repository([&](const sources::aws::EcrRepository& one) {
    return ours.insert(one.registry_id + " " + one.name + " " + one.uri).second;
  }));
  for (const json& one : awscli({"describe-repositories"})["repositories"])
    theirs.insert(one.value("registryId", "") + " " + one.value("repositoryName", "") + " " +
                  one.value("repositoryUri", ""));
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(ours.size(), 12u);

  ours.clear(), theirs.clear();
  Status done = ecr.each_image_id("team/r0", [&](const std::string& digest, const std::string& tag) {
    return ours.insert(digest + " " + tag).second;
  });
  ASSERT_TRUE(done) << done.error().what;
  for (const json& one : awscli({"list-images", "--repository-name", "team/r0"})["imageIds"])
    theirs.insert(one.value("imageDigest", "") + " " + one.value("imageTag", ""));
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(ours.size(), 21u);

  ours.clear(), theirs.clear();
  int64_t now = sources::aws::now_s();
  done = ecr.each_image("team/r0", [&](const sources::aws::EcrImage& one) {
    EXPECT_NEAR(static_cast<double>(one.pushed_s), static_cast<double>(now), 120);
    return ours.insert(one.digest + " " + std::to_string(one.size_bytes) + " " + one.media_type + " " + tags(one.tags)).second;
  });
  ASSERT_TRUE(done) << done.error().what;
  for (const json& one : awscli({"describe-images", "--repository-name", "team/r0"})["imageDetails"])
    theirs.insert(one.value("imageDigest", "") + " " + std::to_string(one.value("imageSizeInBytes", 0)) + " " +
                  one.value("imageManifestMediaType", "") + " " +
                  tags(one.value("imageTags", std::vector<std::string>())));
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(ours.size(), 20u);
  std::string missing = ecr.each_image("team/none", [](const auto&) { return true; }).error().what;
  EXPECT_NE(missing.find("repository team/none: "), std::string::npos) << missing;
}

TEST_F(EcrMoto, AnImageIsFoundByItAndReadFromTheDataPlane) {
  ASSAY_NEEDS_HOST();
  TempDir dir;
  auto registry = farm::TestRegistry::start(dir.path(), {true, "AWS", kMotoToken, ""});
  ASSERT_TRUE(registry) << registry.error().what;
  ASSERT_TRUE(registry->push(image("quiet"), "team/quiet:1"));
  auto client = this->client(chain_, "eu-west-1");
  create(client, "team/quiet");
  put(client, "team/quiet", "1", 1);
  SourceSpec spec{.kind = SourceSpec::Kind::ecr, .regions = {"eu-west-1"}, .endpoint = moto_->url(), .registry_host = registry->host()};
  auto all = opened(spec, registry->certs_dir());
  ASSERT_EQ(all.size(), 1u);
  auto repositories = all[0]->each_repository([&](const Repository& one) {
    EXPECT_EQ(one.str(), registry->host() + "/team/quiet");
    return true;
  });
  ASSERT_TRUE(repositories) << repositories.error().what;
  Repository quiet{registry->host(), "team/quiet"};
  auto images = all[0]->images(quiet);
  ASSERT_TRUE(images) << images.error().what;
  ASSERT_EQ(images->size(), 1u);
  EXPECT_EQ(images->front().tag, "1");
  // moto's tokens ended in 2015: one is used for a moment all the same.
  auto now = all[0]->resolve(quiet, "1");
  ASSERT_TRUE(now) << now.error().what;
  auto platforms = all[0]->platforms(quiet, *now);
  ASSERT_TRUE(platforms) << platforms.error().what;
  ASSERT_EQ(platforms->size(), 1u);
  EXPECT_EQ(platforms->front().platform, "linux/amd64");
}

TEST_F(EcrMoto, TwelveHundredRepositoriesOfTwoAccountsInThreeRegionsAreDiscovered) {
  const std::vector<std::string> regions = {"eu-west-1", "us-east-1", "ap-southeast-2"};
  const std::vector<std::string> roles = {"arn:aws:iam::111111111111:role/Reader", "arn:aws:iam::222222222222:role/Reader"};
  for (const std::string& role : roles) {
    sources::aws::CredentialChain as({role, moto_->url(), "eu-west-1", ""});
    for (const std::string& region : regions) {
      auto client = this->client(as, region);
      for (int i = 0; i < 200 && !HasFatalFailure(); ++i) create(client, "team/r" + std::to_string(i));
    }
  }
  ASSERT_FALSE(HasFatalFailure());
  auto begin = std::chrono::steady_clock::now();
  auto all = opened({.kind = SourceSpec::Kind::ecr, .regions = regions, .roles = roles, .endpoint = moto_->url()});
  EXPECT_EQ(all.size(), 6u);
  std::set<std::string> found;
  std::map<std::string, size_t> by_host;
  for (const auto& source : all)
    for (const Repository& one : all_of(*source)) {
      found.insert(one.str());
      ++by_host[one.host];
    }
  auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(found.size(), 1200u);
  EXPECT_EQ(by_host.size(), 6u);
  EXPECT_EQ(by_host["222222222222.dkr.ecr.ap-southeast-2.amazonaws.com"], 200u);
  printf("moto: 1200 repositories, 2 roles, 3 regions: %lld ms\n",
         static_cast<long long>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

}  // namespace
}  // namespace assay::e2e
