#include "agent/pull_login.h"

#include <gtest/gtest.h>

#include "agent/platforms.h"
#include "tests/support.h"

namespace assay {
namespace {

std::string parsed(std::string_view text) {
  auto place = parse_ecr_place(text);
  return place ? place->host + " " + place->region + " " + place->role + " " + place->endpoint : place.error().what;
}

TEST(EcrPlaces, AreHostRegionAndWhatIsUnusual) {
  EXPECT_EQ(parsed("registry.example:5000=eu-west-1"), "registry.example:5000 eu-west-1  ");
  EXPECT_EQ(parsed("r.example=us-east-1,role=arn:aws:iam::123456789012:role/pull,endpoint=http://127.0.0.1:5"),
            "r.example us-east-1 arn:aws:iam::123456789012:role/pull http://127.0.0.1:5");
  EXPECT_NE(parsed("r.example").find("is no HOST=REGION"), std::string::npos);
  EXPECT_NE(parsed("=eu-west-1").find("is no HOST=REGION"), std::string::npos);
  EXPECT_NE(parsed("r.example=Europe").find("'Europe' is no region"), std::string::npos);
  EXPECT_NE(parsed("r.example=").find("'' is no region"), std::string::npos);
  EXPECT_NE(parsed("a/b=eu-west-1").find("'a/b' is no host"), std::string::npos);
  EXPECT_NE(parsed("r.example=eu-west-1,rolle=x").find("neither role=ARN nor endpoint=URL"), std::string::npos);
  EXPECT_NE(parsed("r.example=eu-west-1,").find("neither role=ARN nor endpoint=URL"), std::string::npos);
}

TEST(PullLogins, OtherRegistriesAreLeftToSkopeo) {
  TempDir dir;
  PullLogins logins({}, -1);
  for (const char* ref : {"nginx", "registry.example/a:1", "oci:/tmp/x"}) {
    auto written = logins.write(*ImageRef::parse(ref), dir.path());
    ASSERT_TRUE(written) << written.error().what;
    EXPECT_FALSE(*written) << ref;
  }
}

TEST(RegistryAccess, WhatIsNotThereIsSaid) {
  TempDir dir;
  EXPECT_TRUE(check_access({}));
  EXPECT_TRUE(check_access({dir.path().string(), "", {}}));
  EXPECT_EQ(check_access({"/nowhere", "", {}}).error().what, "certs = /nowhere is no directory");
  EXPECT_NE(check_access({"", "/nowhere.conf", {}}).error().what.find("/nowhere.conf"), std::string::npos);
}

TEST(HostPlatforms, BeginWithThePlainOne) {
  auto platforms = host_platforms();
  ASSERT_FALSE(platforms.empty());
  EXPECT_EQ(platforms[0], host_platform());
  for (const std::string& platform : platforms) EXPECT_TRUE(platform.starts_with(host_platform()));
  EXPECT_LE(platforms.size(), 8u);
}

}  // namespace
}  // namespace assay
