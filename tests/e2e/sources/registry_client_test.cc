// Our client against Debian's docker-registry: TLS by a private authority, a login, many tags, pages of a
// catalog, an index, and what refers to an image.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "common/encodings.h"
#include "sources/registry.h"
#include "sources/source.h"
#include "tests/farm/registry.h"
#include "tests/support.h"

namespace assay::sources {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kIndex = "application/vnd.oci.image.index.v1+json";
constexpr const char* kConfig = "application/vnd.oci.image.config.v1+json";

class SourcesRegistry : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSAY_NEED(find_program("docker-registry"), "docker-registry");
    ASSAY_NEED(find_program("htpasswd"), "htpasswd");
    auto started = farm::TestRegistry::start(dir_.path(), {true, "robot", "s3cret", ""});
    ASSERT_TRUE(started) << started.error().what;
    registry_ = std::move(*started);
    std::ofstream(dir_.path() / "registries.conf") << "unqualified-search-registries = []\n";
    std::ofstream(dir_.path() / "nobody.json") << "{}\n";
  }
  RegistryOptions options() const {
    RegistryOptions out;
    out.host = registry_.host();
    out.auth_file = registry_.auth_file();
    out.places = {dir_.path() / "registries.conf", registry_.certs_dir()};
    return out;
  }
  HttpReply ask(const std::string& method, const std::string& url, const std::string& body,
                const std::string& type) {
    HttpAsk out;
    out.method = method;
    out.url = url;
    out.body = body;
    out.headers = {{"Content-Type", type}};
    out.tls.ca_files = {registry_.ca_file()};
    out.basic = {"robot", "s3cret"};
    auto reply = http_.ask(out);
    EXPECT_TRUE(reply) << reply.error().what;
    return reply ? *reply : HttpReply{};
  }
  json put_blob(const std::string& repository, const std::string& bytes, const std::string& type) {
    std::string digest = Digest::of(bytes).str();
    HttpReply begun =
        ask("POST", registry_.url() + "/v2/" + repository + "/blobs/uploads/", "", "text/plain");
    std::string to = begun.header("location");
    to += (to.find('?') == to.npos ? "?digest=" : "&digest=") + url_encode(digest);
    EXPECT_EQ(ask("PUT", to, bytes, "application/octet-stream").status, 201);
    return {{"mediaType", type}, {"digest", digest}, {"size", bytes.size()}};
  }
  json put_manifest(const std::string& repository, const std::string& reference, const json& manifest) {
    std::string bytes = manifest.dump(), type = manifest["mediaType"];
    HttpReply reply =
        ask("PUT", registry_.url() + "/v2/" + repository + "/manifests/" + reference, bytes, type);
    EXPECT_EQ(reply.status, 201) << reply.body;
    return {{"mediaType", type}, {"digest", Digest::of(bytes).str()}, {"size", bytes.size()}};
  }
  json put_image(const std::string& repository, const std::string& reference,
                 const std::string& architecture) {
    json config = {{"os", "linux"},
                   {"architecture", architecture},
                   {"created", "2026-01-02T03:04:05Z"},
                   {"rootfs", {{"type", "layers"}, {"diff_ids", json::array()}}}};
    json manifest = {{"schemaVersion", 2}, {"mediaType", kManifest}, {"layers", json::array()}};
    manifest["config"] = put_blob(repository, config.dump(), kConfig);
    std::string digest = Digest::of(manifest.dump()).str();
    json out = put_manifest(repository, reference.empty() ? digest : reference, manifest);
    out["platform"] = {{"os", "linux"}, {"architecture", architecture}};
    return out;
  }
  static Result<std::vector<std::string>> repositories(Registry& registry) {
    std::vector<std::string> out;
    ASSAY_CHECK(registry.each_repository([&](const std::string& name) {
      out.push_back(name);
      return true;
    }));
    return out;
  }

  fs::path repository(const std::string& name) const {
    return dir_.path() / "blobs/docker/registry/v2/repositories" / name;
  }

  TempDir dir_;
  farm::TestRegistry registry_;
  Http http_;
};

TEST_F(SourcesRegistry, TheCatalogIsForThoseWithLoginAndAuthority) {
  for (const char* name : {"team/app", "team/db", "zoo"}) put_image(name, "1", "amd64");
  Registry registry(options(), Http());
  auto all = repositories(registry);
  ASSERT_TRUE(all) << all.error().what;
  EXPECT_EQ(*all, (std::vector<std::string>{"team/app", "team/db", "zoo"}));

  RegistryOptions nobody = options();
  nobody.auth_file = dir_.path() / "nobody.json";
  Registry without(nobody, Http());
  auto refused = repositories(without);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_NE(refused.error().what.find("wants a login"), std::string::npos) << refused.error().what;
  EXPECT_NE(refused.error().what.find("UNAUTHORIZED"), std::string::npos) << refused.error().what;

  RegistryOptions wrong = options();
  wrong.login = Login{"robot", "wr0ng-secret", "", "a test"};
  Registry mistaken(wrong, Http());
  refused = repositories(mistaken);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("refuses robot (of a test)"), std::string::npos)
      << refused.error().what;
  EXPECT_EQ(refused.error().what.find("wr0ng-secret"), std::string::npos);

  RegistryOptions elsewhere = options();
  elsewhere.places.certs_dir = dir_.path() / "none";
  Registry untrusting(elsewhere, Http());
  refused = repositories(untrusting);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::denied);
  EXPECT_NE(refused.error().what.find("is not trusted"), std::string::npos) << refused.error().what;
}

// All but one tag, and all but one repository, are made in the registry's own files: thousands of pushes take
// minutes. Its version 2.8 serves all tags of a repository at once, and pages its catalog.
TEST_F(SourcesRegistry, FifteenHundredTagsAreListed) {
  put_image("team/app", "tag-0", "amd64");
  const fs::path own = repository("team/app") / "_manifests/tags";
  for (int i = 1; i < 1500; ++i) {
    fs::path made = own / ("tag-" + std::to_string(i)) / "current";
    fs::create_directories(made);
    fs::copy_file(own / "tag-0/current/link", made / "link");
  }
  Registry registry(options(), Http());
  std::set<std::string> tags;
  size_t told = 0;
  Status listed = registry.each_tag("team/app", [&](const std::string& tag) {
    tags.insert(tag);
    ++told;
    return true;
  });
  ASSERT_TRUE(listed) << listed.error().what;
  EXPECT_EQ(told, 1500u);
  EXPECT_EQ(tags.size(), 1500u);
  auto first = registry.manifest("team/app", "tag-0"), last = registry.head("team/app", "tag-1499");
  ASSERT_TRUE(first && last);
  EXPECT_EQ(last->digest, first->digest);
  EXPECT_EQ(last->size_bytes, first->size_bytes);
  auto gone = registry.head("team/app", "tag-1500");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Errc::not_found);
  auto none = registry.each_tag("team/none", [](const std::string&) { return true; });
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::not_found);
  EXPECT_NE(none.error().what.find("NAME_UNKNOWN"), std::string::npos) << none.error().what;
}

TEST_F(SourcesRegistry, ACatalogOfManyPagesIsReadToItsEnd) {
  constexpr size_t kRepositories = 1200;
  put_image("team/app", "1", "amd64");
  for (size_t i = 1; i < kRepositories; ++i)
    fs::create_directories(repository("team") / ("app-" + std::to_string(i)) / "_layers");
  HttpReply page = ask("GET", registry_.url() + "/v2/_catalog?n=1000", "", "text/plain");
  EXPECT_NE(page.header("link").find("rel=\"next\""), std::string::npos);
  Registry registry(options(), Http());
  auto all = repositories(registry);
  ASSERT_TRUE(all) << all.error().what;
  EXPECT_EQ(all->size(), kRepositories);
  EXPECT_EQ(std::set<std::string>(all->begin(), all->end()).size(), kRepositories);
}

TEST_F(SourcesRegistry, AnIndexIsItsPlatforms) {
  json amd = put_image("team/app", "", "amd64"), arm = put_image("team/app", "", "arm64");
  json unknown = put_image("team/app", "", "unknown");
  json index = {{"schemaVersion", 2}, {"mediaType", kIndex}, {"manifests", {amd, arm, unknown}}};
  json whole = put_manifest("team/app", "1.0", index);
  SourceSpec spec;
  spec.host = registry_.host();
  spec.auth_file = registry_.auth_file();
  SourceOptions with;
  with.places = options().places;
  auto sources = open_source(spec, with);
  ASSERT_TRUE(sources) << sources.error().what;
  Source& source = *sources->at(0);
  Repository repository{spec.host, "team/app"};
  auto images = source.images(repository);
  ASSERT_TRUE(images) << images.error().what;
  ASSERT_EQ(images->size(), 1u);
  auto image = source.resolve(repository, images->at(0).tag);
  ASSERT_TRUE(image) << image.error().what;
  EXPECT_EQ(image->digest, whole["digest"]);
  EXPECT_EQ(image->media_type, kIndex);
  auto platforms = source.platforms(repository, *image);
  ASSERT_TRUE(platforms) << platforms.error().what;
  std::string shown;
  for (const PlatformImage& one : *platforms) shown += one.platform + "=" + one.digest + " ";
  EXPECT_EQ(shown, "linux/amd64=" + amd["digest"].get<std::string>() +
                       " linux/arm64=" + arm["digest"].get<std::string>() + " ");
  image->digest = arm["digest"];
  platforms = source.platforms(repository, *image);
  ASSERT_TRUE(platforms) << platforms.error().what;
  ASSERT_EQ(platforms->size(), 1u);
  EXPECT_EQ(platforms->at(0).platform, "linux/arm64");
  EXPECT_EQ(platforms->at(0).created_ns / 1'000'000'000, 1767323045);
}

TEST_F(SourcesRegistry, ReferrersAreFoundByTheirTag) {
  json image = put_image("team/app", "1.0", "amd64");
  std::string digest = image["digest"];
  Registry registry(options(), Http());
  auto none = registry.referrers("team/app", digest);
  ASSERT_TRUE(none) << none.error().what;
  EXPECT_TRUE(none->empty());
  json sbom = put_image("team/app", "", "sbom");
  sbom["artifactType"] = "application/spdx+json";
  put_manifest("team/app", "sha256-" + digest.substr(7),
               {{"schemaVersion", 2}, {"mediaType", kIndex}, {"manifests", {sbom}}});
  auto found = registry.referrers("team/app", digest, "application/spdx+json");
  ASSERT_TRUE(found) << found.error().what;
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->at(0).digest.str(), sbom["digest"]);
  found = registry.referrers("team/app", digest, "application/other");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_TRUE(found->empty());
}

}  // namespace
}  // namespace assay::sources
