// What parse_manifest, parse_index and parse_image_config take, and what they refuse and why.
#include "common/oci.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace assay {
namespace {

using nlohmann::json;

const std::string kA = "sha256:" + std::string(64, 'a'), kB = "sha256:" + std::string(64, 'b');

json manifest() {
  return {
      {"schemaVersion", 2},
      {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
      {"config", {{"mediaType", "application/vnd.oci.image.config.v1+json"}, {"digest", kA}, {"size", 7}}},
      {"layers",
       json::array(
           {{{"mediaType", "application/vnd.oci.image.layer.v1.tar+gzip"}, {"digest", kB}, {"size", 9}}})}};
}

json image_config() {
  return {
      {"architecture", "amd64"},
      {"os", "linux"},
      {"config",
       {{"Entrypoint", {"/e"}},
        {"Cmd", {"a", "b"}},
        {"Env", {"A=1"}},
        {"User", "www:7"},
        {"WorkingDir", "/srv"},
        {"StopSignal", "SIGQUIT"},
        {"ExposedPorts", {{"80/tcp", json::object()}}}}},
      {"rootfs", {{"type", "layers"}, {"diff_ids", {kA, kB}}}},
      {"history",
       {{{"created_by", "one"}}, {{"created_by", "env"}, {"empty_layer", true}}, {{"created_by", "two"}}}}};
}

std::string refusal(const json& document) {
  auto parsed = parse_manifest(document.dump(), "x:1");
  return parsed ? "taken" : std::string(to_string(parsed.error().code)) + ": " + parsed.error().what;
}
std::string config_refusal(const json& document) {
  auto parsed = parse_image_config(document.dump(), "x:1");
  return parsed ? "taken" : std::string(to_string(parsed.error().code)) + ": " + parsed.error().what;
}

TEST(Oci, ManifestGivesConfigAndLayers) {
  auto parsed = parse_manifest(manifest().dump(), "x:1");
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_EQ(parsed->config.digest.str(), kA);
  EXPECT_EQ(parsed->config.size_bytes, 7u);
  ASSERT_EQ(parsed->layers.size(), 1u);
  EXPECT_EQ(parsed->layers[0].digest.str(), kB);
  EXPECT_EQ(parsed->layers[0].size_bytes, 9u);
}

TEST(Oci, DockerSchema2ManifestIsTakenToo) {
  json docker = manifest();
  docker["mediaType"] = "application/vnd.docker.distribution.manifest.v2+json";
  docker["config"]["mediaType"] = "application/vnd.docker.container.image.v1+json";
  EXPECT_EQ(refusal(docker), "taken");
}

TEST(Oci, Schema1IsRefusedWithAdvice) {
  std::string said = refusal({{"schemaVersion", 1}, {"fsLayers", json::array()}});
  EXPECT_EQ(said.substr(0, 49), "unsupported: x:1 is a Docker schema 1 manifest, g") << said;
  EXPECT_NE(said.find("push the image again"), std::string::npos);
}

TEST(Oci, BrokenManifestsAreRefusedByField) {
  auto with = [](const char* pointer, const json& value) {
    json document = manifest();
    document[json::json_pointer(pointer)] = value;
    return refusal(document);
  };
  EXPECT_EQ(with("/layers", "no"), "corrupt: x:1: field 'layers' is not a list");
  EXPECT_EQ(with("/layers/0", 3), "corrupt: x:1: field 'layers' holds something that is not an object");
  EXPECT_EQ(with("/layers/0/size", -1),
            "corrupt: x:1: field 'layers': field 'size' is missing or not a number of bytes");
  EXPECT_EQ(with("/layers/0/size", "9"),
            "corrupt: x:1: field 'layers': field 'size' is missing or not a number of bytes");
  EXPECT_EQ(with("/layers/0/digest", "sha256:x/../y"),
            "corrupt: x:1: field 'layers': field 'digest' is no SHA-256: 'sha256:x/../y'");
  EXPECT_EQ(with("/config/digest", 1), "corrupt: x:1: field 'config': field 'digest' is not a string");
  EXPECT_EQ(with("/mediaType", "application/vnd.oci.image.index.v1+json"),
            "unsupported: x:1 is not an image manifest but 'application/vnd.oci.image.index.v1+json'");
  EXPECT_EQ(
      with("/config/mediaType", "application/vnd.cncf.helm.config.v1+json"),
      "unsupported: x:1 is not a container image: its config is 'application/vnd.cncf.helm.config.v1+json'");
  EXPECT_EQ(with("/layers/0/mediaType", "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"),
            "unsupported: x:1: layer " + kB + " is encrypted");
  EXPECT_EQ(refusal(json::array()), "corrupt: x:1 is not a JSON object");
  EXPECT_EQ(refusal({{"schemaVersion", 2}}), "corrupt: x:1 is no image manifest: no config or no layers");
  auto cut = parse_manifest("{\"schemaVersion\": 2,", "x:1");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().what, "x:1 is not JSON");
}

TEST(Oci, MoreLayersThanCanBeStackedAreALimit) {
  json document = manifest();
  for (int i = 0; i < 500; ++i) document["layers"].push_back(document["layers"][0]);
  EXPECT_EQ(refusal(document), "limit: x:1: field 'layers' has more than 500 items");
}

TEST(Oci, DeepNestingDoesNotOverflowTheStack) {
  EXPECT_FALSE(parse_manifest(std::string(4 << 20, '['), "x:1"));
  std::string balanced = "{\"a\":" + std::string(1 << 20, '[') + std::string(1 << 20, ']') + "}";
  EXPECT_FALSE(parse_manifest(balanced, "x:1"));
}

TEST(Oci, IndexEntriesCarryTheirPlatform) {
  json document = {
      {"schemaVersion", 2},
      {"mediaType", "application/vnd.docker.distribution.manifest.list.v2+json"},
      {"manifests",
       json::array({{{"digest", kA}, {"size", 1}, {"platform", {{"architecture", "arm64"}, {"os", "linux"}}}},
                    {{"digest", kB}, {"size", 2}}})}};
  EXPECT_TRUE(is_index(document.dump()));
  EXPECT_FALSE(is_index(manifest().dump()));
  auto parsed = parse_index(document.dump(), "x:1");
  ASSERT_TRUE(parsed) << parsed.error().what;
  ASSERT_EQ(parsed->size(), 2u);
  EXPECT_EQ((*parsed)[0].architecture, "arm64");
  EXPECT_EQ((*parsed)[0].os, "linux");
  EXPECT_EQ((*parsed)[1].architecture, "");
}

TEST(Oci, ConfigSaysWhatRunsAndWhichLineMadeEachLayer) {
  auto parsed = parse_image_config(image_config().dump(), "x:1");
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_EQ(parsed->entrypoint, std::vector<std::string>{"/e"});
  EXPECT_EQ(parsed->cmd, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parsed->env, std::vector<std::string>{"A=1"});
  EXPECT_EQ(parsed->user, "www:7");
  EXPECT_EQ(parsed->working_dir, "/srv");
  EXPECT_EQ(parsed->stop_signal, "SIGQUIT");
  EXPECT_EQ(parsed->exposed_ports, std::vector<std::string>{"80/tcp"});
  EXPECT_EQ(parsed->layer_history, (std::vector<std::string>{"one", "two"}));
  ASSERT_EQ(parsed->diff_ids.size(), 2u);
  EXPECT_EQ(parsed->diff_ids[1].str(), kB);
}

TEST(Oci, HistoryThatDoesNotFitTheLayersBlamesNoLine) {
  json document = image_config();
  document["history"].push_back({{"created_by", "three"}});
  auto parsed = parse_image_config(document.dump(), "x:1");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->layer_history, (std::vector<std::string>{"", ""}));
}

TEST(Oci, NullAndAbsentConfigFieldsAreEmpty) {
  json document = {
      {"architecture", "amd64"}, {"os", "linux"}, {"config", {{"Entrypoint", nullptr}, {"Cmd", nullptr}}}};
  auto parsed = parse_image_config(document.dump(), "x:1");
  ASSERT_TRUE(parsed) << parsed.error().what;
  EXPECT_TRUE(parsed->entrypoint.empty());
  EXPECT_TRUE(parsed->diff_ids.empty());
}

TEST(Oci, BrokenConfigsAreRefusedByField) {
  auto with = [](const char* pointer, const json& value) {
    json document = image_config();
    document[json::json_pointer(pointer)] = value;
    return config_refusal(document);
  };
  EXPECT_EQ(with("/config/Cmd", "sh -c x"), "corrupt: x:1: field 'config': field 'Cmd' is not a list");
  EXPECT_EQ(with("/config/Env/0", 5), "corrupt: x:1: field 'config': field 'Env' is not a string");
  EXPECT_EQ(with("/config/Env/0", std::string("A=\0B", 4)),
            "corrupt: x:1: field 'config': field 'Env' holds a NUL character");
  EXPECT_EQ(with("/rootfs/diff_ids/0", "md5:1"),
            "corrupt: x:1: field 'rootfs': field 'diff_ids' holds no SHA-256: 'md5:1'");
  EXPECT_EQ(with("/config/User", std::string(200'000, 'u')),
            "corrupt: x:1: field 'config': field 'User' is longer than 131072 bytes");
}

}  // namespace
}  // namespace assay
