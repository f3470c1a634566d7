// The same image by archive, by tag and by digest, from a real registry on loopback.
#include <gtest/gtest.h>

#include "tests/e2e/assay.h"
#include "tests/farm/registry.h"

namespace assay::e2e {
namespace {

// What it does by itself: how far provocation comes in six seconds is the machine's to say.
nlohmann::json scan(const TempDir& data, const std::string& ref) {
  Ran ran = assay(data, {"scan", ref, "--insecure", "--duration", "6s", "--no-provoke", "--format", "json"});
  EXPECT_EQ(ran.code, 10) << ran.err;
  return ran.json();
}

// But for how busy it kept a processor: other tests run beside this one, and have their share.
std::set<std::string> findings(const nlohmann::json& report) {
  std::set<std::string> found = rules(report);
  found.erase("aff73362-7850-58ac-9dda-66a91753d4de");
  return found;
}

TEST(Registry, TagDigestAndArchiveGiveTheSameDigestAndFindings) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto started = farm::TestRegistry::start(data.path());
  ASSERT_TRUE(started) << started.error().what;
  const farm::TestRegistry& registry = *started;
  ASSERT_TRUE(registry.push(image("miner"), "team/miner:1.0"));
  auto by_tag = scan(data, registry.host() + "/team/miner:1.0");
  ASSERT_TRUE(by_tag.is_object());
  std::string digest = by_tag["image"]["digest"];
  auto by_digest = scan(data, registry.host() + "/team/miner@" + digest);
  auto by_archive = scan(data, "oci-archive:" + image("miner").string());
  EXPECT_EQ(by_digest["image"]["digest"], digest);
  EXPECT_EQ(by_archive["image"]["digest"], digest);
  EXPECT_FALSE(findings(by_tag).empty());
  EXPECT_EQ(findings(by_tag), findings(by_digest));
  EXPECT_EQ(findings(by_tag), findings(by_archive));
}

TEST(Registry, UnknownTagAndRepositoryAreNamed) {
  ASSAY_NEEDS_HOST();
  TempDir data;
  auto started = farm::TestRegistry::start(data.path());
  ASSERT_TRUE(started) << started.error().what;
  const farm::TestRegistry& registry = *started;
  ASSERT_TRUE(registry.push(image("quiet"), "quiet:1"));
  for (std::string name : {"quiet:2", "nothing:1"}) {
    Ran ran = assay(data, {"scan", registry.host() + "/" + name, "--insecure", "--duration", "2s"});
    EXPECT_EQ(ran.code, 1);
    EXPECT_NE(ran.err.find(name), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find('\n'), ran.err.size() - 1) << ran.err;
  }
}

}  // namespace
}  // namespace assay::e2e
