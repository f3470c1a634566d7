#include "common/platform.h"

#include <gtest/gtest.h>

namespace assay {
namespace {

std::string parsed(std::string_view text) {
  auto platform = parse_platform(text);
  return platform ? *platform : std::string(to_string(platform.error().code)) + ": " + platform.error().what;
}

TEST(Platform, OneThingHasOneName) {
  EXPECT_EQ(parsed("linux/amd64"), "linux/amd64");
  EXPECT_EQ(parsed("linux/x86_64"), "linux/amd64");
  EXPECT_EQ(parsed("linux/amd64/v1"), "linux/amd64");
  EXPECT_EQ(parsed("linux/amd64/v3"), "linux/amd64/v3");
  EXPECT_EQ(parsed("linux/arm64/v8"), "linux/arm64");
  EXPECT_EQ(parsed("linux/aarch64"), "linux/arm64");
  EXPECT_EQ(parsed("linux/arm"), "linux/arm/v7");
  EXPECT_EQ(parsed("linux/arm/v6"), "linux/arm/v6");
  EXPECT_EQ(parsed("linux/i386"), "linux/386");
}

TEST(Platform, WhatIsNoneIsRefusedByTheRule) {
  for (const char* text : {"", "linux", "linux/", "/amd64", "linux/amd64/v1/x", "Linux/amd64", "linux/a b", "linux//v8"})
    EXPECT_EQ(parsed(text), "invalid: platform '" + std::string(text) +
                                "' is not OS/ARCHITECTURE[/VARIANT] in lower case, as in linux/arm64");
  EXPECT_EQ(parsed("linux/" + std::string(1000, 'a')).substr(0, 8), "invalid:");
  EXPECT_EQ(parsed("windows/amd64"), "unsupported: platform 'windows/amd64': only images for linux can be run");
}

}  // namespace
}  // namespace assay
