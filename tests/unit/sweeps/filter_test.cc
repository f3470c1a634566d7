// Which repositories and images a filter takes, in which order, and what it says of those that it does not.
#include "scheduler/sweeps/filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>

namespace assay::sweeps {
namespace {

constexpr int64_t kDay = 86400ll * 1'000'000'000;
constexpr int64_t kNow = 20'000 * kDay;

std::string taken(const std::vector<std::string>& globs, const std::vector<std::string>& names) {
  Filter filter;
  filter.repositories = globs;
  std::string out;
  for (const auto& name : names)
    if (takes_repository(filter, name)) out += (out.empty() ? "" : " ") + name;
  return out;
}

sources::TaggedImage image(const std::string& tag, int64_t pushed_ns = 0) {
  return {tag, "sha256:" + tag, "", pushed_ns};
}

std::string chosen(const Filter& filter, const std::vector<sources::TaggedImage>& images) {
  Chosen out = choose_images(filter, images, kNow);
  std::string text;
  for (const auto& one : out.images) text += (one.tag.empty() ? one.digest : one.tag) + " ";
  return text + "-" + std::to_string(out.left_out) + (out.undated ? " ?" + std::to_string(out.undated) : "");
}

std::vector<sources::TaggedImage> tagged(const std::vector<std::string>& tags) {
  std::vector<sources::TaggedImage> out;
  for (const auto& tag : tags) out.push_back(image(tag));
  return out;
}

std::string error_of(const Filter& filter) {
  Status ok = filter.check();
  return ok ? "none" : ok.error().what;
}

const std::vector<std::string> kNames = {"team/app", "team/app-test", "team/db", "other/app", "base"};

TEST(Filter, TakesRepositoriesByGlob) {
  EXPECT_EQ(taken({}, kNames), "team/app team/app-test team/db other/app base");
  EXPECT_EQ(taken({"team/*"}, kNames), "team/app team/app-test team/db");
  EXPECT_EQ(taken({"*app"}, kNames), "team/app other/app");  // a star crosses slashes
  EXPECT_EQ(taken({"team/*", "!*-test"}, kNames), "team/app team/db");
  EXPECT_EQ(taken({"!team/*"}, kNames), "other/app base");  // the rest is in
  EXPECT_EQ(taken({"!*", "base"}, kNames), "base");
  EXPECT_EQ(taken({"team/*", "!team/*", "team/db"}, kNames), "team/db");  // the last that matches decides
  EXPECT_EQ(taken({"[bt]*", "!team/[!d]*"}, kNames), "team/db base");
}

TEST(Filter, TakesTags) {
  Filter filter;
  filter.tags = {"v*", "!*-rc*"};
  EXPECT_EQ(chosen(filter, tagged({"v1", "v2-rc1", "latest", "v3"})), "v3 v1 -2");
  filter.tags = {};
  filter.semver = *SemverRange::parse(">=1.2 <3");
  EXPECT_EQ(chosen(filter, tagged({"v1", "1.2.5", "latest", "2.9", "3.0", "2.0-alpine"})), "2.9 1.2.5 -4");
}

TEST(Filter, LeavesUntaggedImagesOutUnlessAsked) {
  Filter filter;
  std::vector<sources::TaggedImage> images = {{"", "sha256:one", "", 0}, {"a", "sha256:two", "", 0}};
  EXPECT_EQ(chosen(filter, images), "a -1");
  filter.untagged = true;
  filter.tags = {"b"};  // tags are of no matter to what has none
  EXPECT_EQ(chosen(filter, images), "sha256:one -1");
}

TEST(Filter, TakesTheNewest) {
  Filter filter;
  filter.newest = 2;
  EXPECT_EQ(chosen(filter, tagged({"1.9", "1.10", "1.2", "latest"})), "1.10 1.9 -2");
  std::vector<sources::TaggedImage> builds = {image("sha-aa", kNow - 3), image("sha-bb", kNow - 1),
                                              image("sha-cc", kNow - 2)};
  EXPECT_EQ(chosen(filter, builds), "sha-bb sha-cc -1");
  builds.push_back(image("1.0", kNow - 9));  // one version among them makes no repository of versions
  EXPECT_EQ(chosen(filter, builds), "sha-bb sha-cc -2");
}

TEST(Filter, IsTheSameWhateverTheOrderServed) {
  std::mt19937 random(3);
  std::vector<sources::TaggedImage> images = tagged({"a", "b", "1.0", "v1.0", "1.0.0", "2", "c"});
  for (auto& one : images) one.pushed_ns = kNow - static_cast<int64_t>(random() % 3) * kDay;
  Filter filter;
  filter.newest = 4;
  std::string first = chosen(filter, images);
  for (int i = 0; i < 50; ++i) {
    std::shuffle(images.begin(), images.end(), random);
    EXPECT_EQ(chosen(filter, images), first);
  }
}

TEST(Filter, HoldsTimesOfPushAgainstIt) {
  Filter filter;
  std::vector<sources::TaggedImage> images = {image("old", kNow - 8 * kDay), image("new", kNow - 6 * kDay),
                                              image("undated")};
  filter.pushed_since = "7d";
  EXPECT_EQ(chosen(filter, images), "new undated -1 ?1");
  filter.pushed_since = "2024-10-04T00:00:00Z";  // kNow
  EXPECT_EQ(chosen(filter, images), "undated -2 ?1");
  filter.pushed_since = "2024-09-28";
  EXPECT_EQ(chosen(filter, images), "new undated -1 ?1");
  filter.pushed_since = "";
  EXPECT_EQ(chosen(filter, images), "new old undated -0");
}

TEST(Filter, NamesTheFieldAndTheRule) {
  Filter filter;
  EXPECT_EQ(error_of(filter), "none");
  for (const char* good : {"7d", "90m", "12h", "4w", "2026-11-01", "2026-11-01T06:00:00+01:00", "9999-12-31"}) {
    filter.pushed_since = good;
    EXPECT_EQ(error_of(filter), "none") << good;
    (void)choose_images(filter, tagged({"a"}), kNow);
  }
  filter.pushed_since = "last week";
  EXPECT_EQ(error_of(filter),
            "pushed_since 'last week' is neither a day (2026-11-01), nor a time (2026-11-01T06:00:00Z), nor an age "
            "(90m, 12h, 7d, 4w)");
  filter = {};
  filter.tags = {"a", ""};
  EXPECT_EQ(error_of(filter), "tags[1] '' is no glob: it is empty");
  filter.tags = {"[a"};
  EXPECT_EQ(error_of(filter), "tags[0] '[a' is no glob: '[' or '\\' without an end");
  filter = {};
  filter.repositories = {std::string(300, 'a')};
  EXPECT_EQ(error_of(filter), "repositories[0] '" + std::string(64, 'a') + "...' has more than 256 bytes");
  filter.repositories = {"*a*a*a*a*a*a*a*a*"};
  EXPECT_EQ(error_of(filter), "repositories[0] '*a*a*a*a*a*a*a*a*' has more than 8 stars");
}

TEST(Filter, TheWorstGlobIsDoneWithSoon) {
  Filter filter;
  filter.repositories = {"*a*a*a*a*a*a*a*b"};
  ASSERT_TRUE(filter.check());
  auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(takes_repository(filter, std::string(255, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
}

}  // namespace
}  // namespace assay::sweeps
