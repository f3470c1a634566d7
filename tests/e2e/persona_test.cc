// An image that acts in one kind of surroundings alone, scanned in all: the report says which provoked it.
#include <gtest/gtest.h>

#include "tests/e2e/assay.h"

namespace assay::e2e {
namespace {

struct Wary {
  std::string image, persona, domain;
  // Test names are made of it.
  friend void PrintTo(const Wary& wary, std::ostream* out) { *out << wary.image; }
};

class Personas : public testing::TestWithParam<Wary> {};

TEST_P(Personas, OnlyTheOneThatItWaitsForProvokesIt) {
  ASSAY_NEEDS_HOST();
  const Wary& wary = GetParam();
  TempDir data;
  Ran ran = assay(data,
                  {"scan", "oci-archive:" + image(wary.image).string(), "--duration", "5s", "--persona",
                   "all", "--no-provoke", "--format", "json"},
                  std::chrono::seconds(240));
  auto json = ran.json();
  ASSERT_TRUE(json.is_object()) << ran.err;
  ASSERT_EQ(json["schema"], "assay.personas/1");
  ASSERT_EQ(json["runs"].size(), 4u);
  for (const auto& run : json["runs"])
    EXPECT_EQ(run["verdict"] == "clean", run["persona"] != wary.persona) << run;
  std::set<std::string> domains;
  for (const auto& item : json["only"]) {
    EXPECT_EQ(item["personas"], nlohmann::json::array({wary.persona})) << item;
    if (item["kind"] == "name") domains.insert(item["what"].get<std::string>());
  }
  EXPECT_TRUE(domains.contains(wary.domain)) << json["only"].dump(1);
}

INSTANTIATE_TEST_SUITE_P(All, Personas,
                         testing::Values(Wary{"cluster-only", "kubernetes", "drop.cluster-only.example"},
                                         Wary{"pipeline-only", "ci", "get.pipeline-only.example"}),
                         [](const auto& param_info) { return param_info.param.persona; });

}  // namespace
}  // namespace assay::e2e
