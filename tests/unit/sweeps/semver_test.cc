// Versions of tags, their order, and ranges: semver.org's own examples, npm's, and a property over all pairs.
#include "scheduler/sweeps/semver.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace assay::sweeps {
namespace {

Semver version(std::string_view text) {
  auto parsed = parse_semver(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Semver{});
}

std::string error_of(std::string_view range) {
  auto parsed = SemverRange::parse(range);
  return parsed ? "none" : parsed.error().what;
}

// Those of `tags` that are in the range, with spaces between.
std::string in(std::string_view range, const std::vector<std::string>& tags) {
  auto parsed = SemverRange::parse(range);
  EXPECT_TRUE(parsed) << range << ": " << error_of(range);
  std::string out;
  if (!parsed) return out;
  for (const auto& tag : tags)
    if (auto v = parse_semver(tag); v && parsed->contains(*v)) out += (out.empty() ? "" : " ") + tag;
  return out;
}

TEST(Semver, OrdersAsSection11Says) {
  const std::vector<std::string> rising = {"1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
                                           "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",       "1.0.0",
                                           "2.0.0",        "2.1.0",         "2.1.1"};
  for (size_t i = 0; i < rising.size(); ++i)
    for (size_t j = 0; j < rising.size(); ++j)
      EXPECT_EQ(version(rising[i]) <=> version(rising[j]), i <=> j) << rising[i] << " " << rising[j];
}

TEST(Semver, TakesTagsLeniently) {
  EXPECT_EQ(version("v1.2"), version("1.2.0"));
  EXPECT_EQ(version("V3"), version("3.0.0"));
  EXPECT_EQ(version("1.2").given, 2);
  EXPECT_EQ(version("1.27-alpine").pre, std::vector<std::string>{"alpine"});
  EXPECT_EQ(version("1.2.3+build.5"), version("1.2.3"));
  EXPECT_EQ(version("1.2.3_build.5"), version("1.2.3"));  // a plus as Helm writes it into a tag
  EXPECT_EQ(version("20261130"), version("20261130.0.0"));
  EXPECT_LT(version("1.9.0"), version("1.10.0"));
}

TEST(Semver, TakesNothingElse) {
  for (const char* tag : {"", "v", "latest", "1.", ".1", "1.2.3.4", "1.2.3-", "1.2.3-a..b", "1.2.3-a!b", "a1", "1a",
                          "1.2.x", "-1", "1 ", "1.2_3", "1234567890123456789", "sha-1.2", "1.2.3-ä"})
    EXPECT_FALSE(parse_semver(tag)) << tag;
  EXPECT_FALSE(parse_semver(std::string(200, '1')));
}

TEST(Semver, BareTagWithBuildMarkNeedsThreeNumbers) {
  EXPECT_TRUE(parse_semver("1.2.3_4"));
  EXPECT_FALSE(parse_semver("2024_01"));
}

// A total order: each pair one way, and transitive, so that sorting any shuffle gives the same.
TEST(Semver, OrderIsTotalOverRandomVersions) {
  std::mt19937 random(7);
  auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const char* words[] = {"alpha", "beta", "rc", "0", "1", "2", "10", "x-1", "007", "A"};
  std::vector<Semver> all;
  for (int i = 0; i < 120; ++i) {
    std::string text = std::to_string(below(3)) + "." + std::to_string(below(3)) + "." + std::to_string(below(12));
    for (unsigned n = below(4), j = 0; j < n; ++j) text += (j == 0 ? "-" : ".") + std::string(words[below(10)]);
    all.push_back(version(text));
  }
  for (const Semver& a : all)
    for (const Semver& b : all) {
      EXPECT_EQ(a < b, b > a);
      EXPECT_EQ(a == b, !(a < b) && !(b < a));
      for (const Semver& c : all)
        if (a < b && b < c) {
          ASSERT_LT(a, c);
        }
    }
  std::vector<Semver> sorted = all;
  std::sort(sorted.begin(), sorted.end());
  for (int round = 0; round < 20; ++round) {
    std::shuffle(all.begin(), all.end(), random);
    std::sort(all.begin(), all.end());
    EXPECT_TRUE(all == sorted);
  }
}

const std::vector<std::string> kTags = {"0.0.3", "0.0.4", "0.2.3", "0.3.0", "1.0.0", "1.1.9",      "1.2.0",
                                        "1.2.3", "1.2.9", "1.3.0", "2.0.0", "2.0.0-rc.1", "3.0.0", "3"};

TEST(SemverRange, MeansWhatNpmMeans) {
  EXPECT_EQ(in(">=1.2 <3", kTags), "1.2.0 1.2.3 1.2.9 1.3.0 2.0.0");
  EXPECT_EQ(in(">=1.2, <3", kTags), in(">=1.2 <3", kTags));
  EXPECT_EQ(in(">= 1.2 < 3", kTags), in(">=1.2 <3", kTags));
  EXPECT_EQ(in("^1.2", kTags), "1.2.0 1.2.3 1.2.9 1.3.0");
  EXPECT_EQ(in("^0.2.3", kTags), "0.2.3");
  EXPECT_EQ(in("^0.0.3", kTags), "0.0.3");
  EXPECT_EQ(in("^0.0", kTags), "0.0.3 0.0.4");
  EXPECT_EQ(in("^0", kTags), "0.0.3 0.0.4 0.2.3 0.3.0");
  EXPECT_EQ(in("~1.2.3", kTags), "1.2.3 1.2.9");
  EXPECT_EQ(in("~1", kTags), "1.0.0 1.1.9 1.2.0 1.2.3 1.2.9 1.3.0");
  EXPECT_EQ(in("1.x", kTags), in("~1", kTags));
  EXPECT_EQ(in("1.2.*", kTags), "1.2.0 1.2.3 1.2.9");
  EXPECT_EQ(in("1.2", kTags), in("1.2.x", kTags));
  EXPECT_EQ(in("=1.2.3", kTags), "1.2.3");
  EXPECT_EQ(in(">1.2", kTags), "1.3.0 2.0.0 3.0.0 3");
  EXPECT_EQ(in("<=1.2", kTags), "0.0.3 0.0.4 0.2.3 0.3.0 1.0.0 1.1.9 1.2.0 1.2.3 1.2.9");
  EXPECT_EQ(in("<0.3 || >=3", kTags), "0.0.3 0.0.4 0.2.3 3.0.0 3");
  EXPECT_EQ(in("1.2.3 - 2", kTags), "1.2.3 1.2.9 1.3.0 2.0.0");
  EXPECT_EQ(in("*", {"1.0.0", "1.0.0-rc.1"}), "1.0.0");
}

TEST(SemverRange, TakesPreReleasesOfItsOwnBoundsOnly) {
  const std::vector<std::string> tags = {"1.2.3-alpha", "1.2.3-beta", "1.2.3", "1.2.4-beta", "1.9.0", "2.0.0-rc"};
  EXPECT_EQ(in(">=1.2.3-beta <2", tags), "1.2.3-beta 1.2.3 1.9.0");
  EXPECT_EQ(in("^1.2.3-beta", tags), "1.2.3-beta 1.2.3 1.9.0");
  EXPECT_EQ(in(">=1.2.3", tags), "1.2.3 1.9.0");
  EXPECT_EQ(in("<=2.0.0-rc", tags), "1.2.3 1.9.0 2.0.0-rc");
}

TEST(SemverRange, NamesWhatIsNone) {
  EXPECT_EQ(error_of(">=1.two"), "'1.two' is no version: write 1, 1.2, 1.x or 1.2.3-rc.1");
  EXPECT_EQ(error_of("1.x.3"), "'1.x.3' is no version: write 1, 1.2, 1.x or 1.2.3-rc.1");
  EXPECT_EQ(error_of("1.2-rc"), "'1.2-rc' is no version: write 1, 1.2, 1.x or 1.2.3-rc.1");
  EXPECT_EQ(error_of(">="), "'' is no version: write 1, 1.2, 1.x or 1.2.3-rc.1");
  EXPECT_EQ(error_of("1 ||"), "'1 ||' has an empty part: write a range such as '>=1.2 <3' or '^1.2'");
  EXPECT_EQ(error_of(">*"), "'>*' is true of no version");
  EXPECT_EQ(error_of(std::string(600, ' ')).substr(68), "' has more than 512 characters");
}

}  // namespace
}  // namespace assay::sweeps
