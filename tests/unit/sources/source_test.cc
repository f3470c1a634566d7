// Sources as text and as JSON, and what a registry as a source says of platforms.
#include "sources/source.h"

#include <gtest/gtest.h>

#include "tests/unit/sources/registry_kit.h"

namespace assay::sources {
namespace {

using nlohmann::json;

std::string parsed(const std::string& text) {
  auto spec = parse_source(text);
  return spec ? source_json(*spec) : spec.error().what;
}

TEST(Source, TextHasOneFormInJson) {
  EXPECT_EQ(parsed("registry.example:5000"), R"({"registry":"registry.example:5000"})");
  EXPECT_EQ(parsed("registry.example/team/app,team/db"),
            R"({"registry":"registry.example","repositories":["team/app","team/db"]})");
  EXPECT_EQ(parsed("index.docker.io/nginx,team/app"),
            R"({"registry":"docker.io","repositories":["library/nginx","team/app"]})");
  EXPECT_EQ(parsed("ecr:"), R"({"ecr":{}})");
  EXPECT_EQ(parsed("ecr:eu-west-1,us-gov-east-1?role=arn:aws:iam::123456789012:role/a&role=arn:aws-cn:iam::1:role/b"),
            R"({"ecr":{"regions":["eu-west-1","us-gov-east-1"],"roles":["arn:aws:iam::123456789012:role/a",)"
            R"("arn:aws-cn:iam::1:role/b"]}})");
}

TEST(Source, WhatIsNoSourceIsSaid) {
  for (const char* bad : {"", "nginx", "https://registry.example", "registry.example/", "registry.example/a:1",
                          "registry.example/a@sha256:00", "registry.example/team/*", "registry.example/A",
                          "registry.example/a,,b", "registry example", "registry.example:0", "ecr:nowhere",
                          "ecr:eu-west-1?rolle=x", "ecr:eu-west-1?role=admin", "ecr:eu-west-1,", "ecr:a/../b-c"}) {
    auto spec = parse_source(bad);
    ASSERT_FALSE(spec) << bad;
    EXPECT_EQ(spec.error().code, Errc::invalid) << bad;
    EXPECT_EQ(spec.error().what.find("source '" + std::string(bad) + "': "), 0u) << spec.error().what;
  }
}

TEST(Source, JsonComesBackAsItWas) {
  for (const char* text :
       {R"({"auth_file":"/a","insecure":true,"registry":"registry.example","repositories":["a","b"]})",
        R"({"ecr":{"endpoint":"http://127.0.0.1:5000","insecure":true,"regions":["eu-west-1"],"registry_host":"127.0.0.1:5001","roles":["arn:aws:iam::1:role/a"]}})"}) {
    auto spec = source_from_json(text);
    ASSERT_TRUE(spec) << spec.error().what;
    EXPECT_EQ(source_json(*spec), text);
  }
  auto said = [](const char* text) {
    auto spec = source_from_json(text);
    return spec ? "fine" : spec.error().what;
  };
  EXPECT_EQ(said(R"({"registry":"a.example","repository":"b"})"),
            "source: field 'repository' is not known: a registry has registry, repositories, insecure and auth_file");
  EXPECT_EQ(said(R"({"ecr":{"region":"b"}})"),
            "source: field 'region' of ecr is not known: it has regions, roles, endpoint, registry_host and insecure");
  EXPECT_EQ(said(R"({"ecr":{},"registry":"a.example"})"), "source: what has 'ecr' has no other field beside it");
  for (const char* bad : {"", "[]", "{}", R"({"registry":1})", R"({"registry":"a.example","insecure":"yes"})",
                          R"({"registry":"a.example","repositories":"a"})", R"({"ecr":[]})"})
    EXPECT_NE(std::string(said(bad)), "fine") << bad;
}

class SourceTest : public RegistryTest {
 protected:
  void serve(const std::string& path, const std::string& body) {
    server_->Get("/v2/team/app/" + path,
                 [=](const Request&, Response& response) { response.set_content(body, "application/json"); });
  }
  // A manifest whose config is for that platform; its digest.
  std::string image(const std::string& os, const std::string& architecture, const std::string& variant) {
    json config = {{"os", os}, {"architecture", architecture}, {"created", "2026-01-02T03:04:05Z"}, {"rootfs", {{"type", "layers"}, {"diff_ids", json::array()}}}};
    if (!variant.empty()) config["variant"] = variant;
    serve("blobs/" + Digest::of(config.dump()).str(), config.dump());
    json manifest = {{"schemaVersion", 2}, {"config", {{"mediaType", "application/vnd.oci.image.config.v1+json"}, {"digest", Digest::of(config.dump()).str()}, {"size", config.dump().size()}}}, {"layers", json::array()}};
    return add(manifest);
  }
  std::string add(const json& manifest) {
    std::string digest = Digest::of(manifest.dump()).str();
    serve("manifests/" + digest, manifest.dump());
    return digest;
  }
  static json entry(const std::string& digest, const std::string& os, const std::string& architecture, json notes = json::object()) {
    return {{"mediaType", "application/vnd.oci.image.manifest.v1+json"}, {"digest", digest}, {"size", 1}, {"platform", {{"os", os}, {"architecture", architecture}}}, {"annotations", notes}};
  }
  Result<std::string> platforms(const std::string& digest) {
    SourceSpec spec;
    spec.host = server_.host();
    spec.insecure = true;
    SourceOptions with;
    with.places = options().places;
    ASSAY_TRY(auto sources, open_source(spec, with));
    ASSAY_TRY(auto found, sources.at(0)->platforms({spec.host, "team/app"}, {.tag = "", .digest = digest, .media_type = ""}));
    std::string out;
    for (const PlatformImage& one : found)
      out += one.platform + "=" + one.digest.substr(7, 4) + "@" + std::to_string(one.created_ns / 1'000'000'000) + " ";
    return out;
  }
};

TEST_F(SourceTest, PlatformsAreThoseOfAnIndexWithoutAttestationsOrOfAConfig) {
  std::string plain = image("linux", "arm", "v7"), amd = image("linux", "amd64", ""), none = image("", "", "");
  json index = {{"schemaVersion", 2}, {"mediaType", "application/vnd.oci.image.index.v1+json"},
                {"manifests", {entry(amd, "linux", "amd64"), entry(plain, "unknown", "unknown"),
                               entry(none, "linux", "arm64", {{"vnd.docker.reference.type", "attestation-manifest"}})}}};
  std::string whole = add(index);
  json outer = index;
  outer["manifests"] = json::array({entry(whole, "", "")});
  outer["manifests"][0]["mediaType"] = "application/vnd.oci.image.index.v1+json";
  std::string nested = add(outer);
  json many = index;
  many["manifests"] = json::array();
  for (int i = 0; i < 101; ++i) many["manifests"].push_back(entry(amd, "linux", "a" + std::to_string(i)));
  std::string too_many = add(many);
  std::string chart = add({{"schemaVersion", 2}, {"config", {{"mediaType", "application/vnd.cncf.helm.config.v1+json"}, {"digest", amd}, {"size", 2}}}, {"layers", json::array()}});
  server_.start();
  auto shown_platforms = [&](const std::string& digest) {
    auto got = platforms(digest);
    return got ? *got : std::string(to_string(got.error().code));
  };
  EXPECT_EQ(shown_platforms(plain), "linux/arm/v7=" + plain.substr(7, 4) + "@1767323045 ");
  EXPECT_EQ(shown_platforms(none), "=" + none.substr(7, 4) + "@1767323045 ");
  EXPECT_EQ(shown_platforms(whole), "linux/amd64=" + amd.substr(7, 4) + "@0 ");
  EXPECT_EQ(shown_platforms(nested), "linux/amd64=" + amd.substr(7, 4) + "@0 ");
  EXPECT_EQ(shown_platforms(too_many), "limit");
  EXPECT_EQ(shown_platforms(chart), "unsupported");
}

TEST_F(SourceTest, WhatFailsOnceIsTriedOnceMoreAndNoted) {
  std::atomic<int> asked = 0;
  server_->Get("/v2/team/app/tags/list", [&](const Request&, Response& response) {
    response.status = asked++ == 0 ? 502 : 200;
    response.set_content(R"({"tags": ["1"]})", "application/json");
  });
  server_.start();
  SourceSpec spec;
  spec.host = server_.host();
  spec.insecure = true;
  spec.repositories = {"team/app"};
  std::vector<std::string> notes;
  SourceOptions with;
  with.places = options().places;
  with.note = [&](const std::string& line) { notes.push_back(line); };
  auto sources = open_source(spec, with);
  ASSERT_TRUE(sources) << shown(sources);
  std::string names;
  EXPECT_TRUE(sources->at(0)->each_repository([&](const Repository& one) {
    names += one.name + " ";
    return true;
  }));
  EXPECT_EQ(names, "team/app ");
  auto images = sources->at(0)->images({spec.host, "team/app"});
  ASSERT_TRUE(images) << shown(images);
  EXPECT_EQ(images->size(), 1u);
  EXPECT_EQ(notes.size(), 1u);
}

}  // namespace
}  // namespace assay::sources
