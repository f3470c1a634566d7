// Two versions of an image from a real registry, scanned one after the other by their tags: the second's
// report says what changed, with the layer that brought it, and a rule finds it.
#include <gtest/gtest.h>

#include "tests/e2e/assay.h"
#include "tests/farm/registry.h"

namespace assay::e2e {
namespace {

using Json = nlohmann::json;

const char* const kNewDomain = "Asks for a domain that the previous version did not ask for";

Json scan(const TempDir& data, const std::string& ref) {
  Ran ran = assay(data, {"scan", ref, "--insecure", "--duration", "3s", "--no-provoke", "--format", "json"});
  EXPECT_TRUE(ran.code == 0 || ran.code == 10) << ran.err;
  return ran.json();
}

// "KIND WHAT" of each, but for kinds that hang on the machine.
std::set<std::string> told(const Json& changes) {
  std::set<std::string> out;
  for (const Json& one : changes) {
    std::string kind = one.value("kind", "");
    if (kind != "finding" && kind != "peer") out.insert(kind + " " + one.value("what", ""));
  }
  return out;
}

TEST(Compare, TheSecondVersionsReportSaysWhatChangedAndWhichLayerBroughtIt) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto started = farm::TestRegistry::start(data.path());
  ASSERT_TRUE(started) << started.error().what;
  const farm::TestRegistry& registry = *started;
  ASSERT_TRUE(registry.push(image("quiet"), "team/app:1.0"));
  ASSERT_TRUE(registry.push(image("second-version"), "team/app:1.1"));
  std::string name = registry.host() + "/team/app";
  Json first = scan(data, name + ":1.0");
  Json second = scan(data, name + ":1.1");
  ASSERT_TRUE(first.is_object() && second.is_object());
  EXPECT_EQ(first["compared"].size(), 0u) << first["compared"];
  ASSERT_EQ(second["compared"].size(), 2u) << second["compared"];
  for (const auto& [at, relation] : {std::pair{0, "previous"}, {1, "base"}}) {
    const Json& one = second["compared"][at];
    EXPECT_EQ(one["relation"], relation);
    EXPECT_EQ(one["scan_id"], first["scan"]["id"]);
    EXPECT_EQ(one["ref"], name + ":1.0");
    EXPECT_EQ(one["digest"], first["image"]["digest"]);
    std::set<std::string> added = told(one["added"]);
    EXPECT_TRUE(added.contains("domain pool.evil.test")) << one["added"];
    EXPECT_TRUE(added.contains("executable /usr/local/bin/service")) << one["added"];
  }
  Json domain;
  for (const Json& one : second["compared"][0]["added"])
    if (one["kind"] == "domain") domain = one;
  std::string layer = domain["layer"], diff_id = second["image"]["layers"][1]["diff_id"];
  EXPECT_TRUE(layer.starts_with(diff_id) && layer.find("COPY tests/images/second-version") != layer.npos)
      << layer;
  Json found;
  for (const Json& one : second["findings"])
    if (one["title"] == kNewDomain) found = one;
  ASSERT_TRUE(found.is_object()) << second["findings"];
  std::string evidence = found["evidence"][0]["text"];
  EXPECT_NE(evidence.find("pool.evil.test"), evidence.npos) << evidence;
  EXPECT_NE(evidence.find("not in " + name + ":1.0"), evidence.npos) << evidence;
  EXPECT_NE(evidence.find("COPY tests/images/second-version"), evidence.npos) << evidence;

  // By tags, by what the report says, and by the index.
  Ran by_tags = assay(data, {"diff", name + ":1.0", name + ":1.1", "--format", "json"});
  EXPECT_EQ(by_tags.code, 10) << by_tags.err;
  EXPECT_EQ(told(by_tags.json()["added"]), told(second["compared"][0]["added"])) << by_tags.out;
  Ran since = assay(data, {"diff", name + ":1.1", "--format", "json"});
  EXPECT_EQ(since.code, 10) << since.err;
  EXPECT_EQ(since.json()["before"]["scan_id"], first["scan"]["id"]);
  EXPECT_EQ(assay(data, {"diff", name + ":1.0"}).code, 1) << "there is nothing before it";
  Ran search = assay(data, {"search", "--repository", "team/app", "--format", "json"});
  EXPECT_EQ(search.json()["hits"].size(), 2u) << search.out << search.err;

  // The same rules again change no byte.
  std::string id = second["scan"]["id"];
  Ran before = assay(data, {"report", id, "--format", "json"});
  Ran rescored = assay(data, {"rescore", id, "--all-changes", "--apply"});
  EXPECT_EQ(rescored.code, 0) << rescored.out << rescored.err;
  EXPECT_EQ(assay(data, {"report", id, "--format", "json"}).out, before.out);
}

}  // namespace
}  // namespace assay::e2e
