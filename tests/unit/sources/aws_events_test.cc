// EventBridge's "ECR Image Action" as the user guide shows it, and what is none.
#include "sources/aws/events.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace assay::sources::aws {
namespace {

using nlohmann::json;

const std::string kDigest = "sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd12345678";

json event() {
  return {{"version", "0"},
          {"id", "13cde686-328b-6117-af20-0e5566167482"},
          {"detail-type", "ECR Image Action"},
          {"source", "aws.ecr"},
          {"account", "123456789012"},
          {"time", "2019-11-16T01:54:34Z"},
          {"region", "us-west-2"},
          {"resources", json::array()},
          {"detail",
           {{"result", "SUCCESS"},
            {"repository-name", "team/my-app"},
            {"image-digest", kDigest},
            {"action-type", "PUSH"},
            {"image-tag", "latest"}}}};
}

std::string show(const std::string& text) {
  auto push = parse_ecr_event(text);
  if (!push) return std::string(to_string(push.error().code)) + ": " + push.error().what;
  if (!*push) return "nothing";
  const Push& one = **push;
  return one.id + " " + one.host + "/" + one.repository + ":" + one.tag + "@" + one.digest + " " +
         std::to_string(one.pushed_ns);
}

std::string with(const std::string& pointer, const json& value) {
  json out = event();
  out[json::json_pointer(pointer)] = value;
  return show(out.dump());
}

std::string without(const std::string& name, bool in_detail) {
  json out = event();
  (in_detail ? out["detail"] : out).erase(name);
  return show(out.dump());
}

TEST(AwsEvents, PushIsRead) {
  EXPECT_EQ(show(event().dump()),
            "13cde686-328b-6117-af20-0e5566167482 "
            "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/my-app:latest@" +
                kDigest + " 1573869274000000000");
  EXPECT_NE(with("/region", "cn-north-1").find(" 123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/team"),
            std::string::npos);
  EXPECT_NE(without("image-tag", true).find("/team/my-app:@" + kDigest), std::string::npos);
  EXPECT_NE(with("/detail/image-tag", "").find("/team/my-app:@" + kDigest), std::string::npos);
  EXPECT_NE(without("time", false).find(" 0"), std::string::npos);
}

TEST(AwsEvents, OtherEventsAreNothing) {
  EXPECT_EQ(with("/detail/action-type", "DELETE"), "nothing");
  EXPECT_EQ(with("/detail/result", "FAILURE"), "nothing");
  EXPECT_EQ(with("/detail-type", "ECR Image Scan"), "nothing");
  EXPECT_EQ(with("/source", "aws.ec2"), "nothing");
}

TEST(AwsEvents, WrongFieldsAreNamed) {
  EXPECT_EQ(show("{"), "invalid: ECR event: not a JSON object of at most 256 KiB");
  EXPECT_EQ(show("[]"), "invalid: ECR event: not a JSON object of at most 256 KiB");
  EXPECT_EQ(show("{}"), "invalid: ECR event: \"source\" is missing");
  EXPECT_EQ(without("detail", false), "invalid: ECR event: \"detail\" is no object");
  EXPECT_EQ(without("repository-name", true), "invalid: ECR event: \"repository-name\" is missing");
  EXPECT_EQ(with("/account", "12345678901x"), "invalid: ECR event: \"account\" is \"12345678901x\"");
  EXPECT_EQ(with("/account", 123456789012), "invalid: ECR event: \"account\" is no text");
  EXPECT_EQ(with("/region", "us-west-2.evil"), "invalid: ECR event: \"region\" is \"us-west-2.evil\"");
  EXPECT_EQ(with("/detail/image-digest", "sha256:12"),
            "invalid: ECR event: \"image-digest\" is \"sha256:12\"");
  EXPECT_EQ(with("/detail/image-tag", "a b"), "invalid: ECR event: \"image-tag\" is \"a b\"");
  EXPECT_EQ(with("/detail/image-tag", "a@" + kDigest),
            "invalid: ECR event: \"image-tag\" is \"a@" + kDigest + "\"");
  EXPECT_EQ(with("/time", "yesterday"), "invalid: ECR event: \"time\" is \"yesterday\"");
  EXPECT_EQ(with("/id", "a\nb"), "invalid: ECR event: \"id\" is \"a\\x0ab\"");
  for (const char* name : {"app:x",
                           "app@"
                           "sha256:1",
                           "../app", "", "/app", "App", "app/", "a b", "team//app"})
    EXPECT_TRUE(
        with("/detail/repository-name", name).starts_with("invalid: ECR event: \"repository-name\" is "))
        << name;
}

TEST(AwsEvents, DeepOrLargeOnesAreNoWayIn) {
  EXPECT_EQ(show(std::string(200'000, '[')), "invalid: ECR event: not a JSON object of at most 256 KiB");
  std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(show(deep), "invalid: ECR event: \"source\" is missing");
  EXPECT_EQ(show(std::string(300'000, ' ') + event().dump()),
            "invalid: ECR event: not a JSON object of at most 256 KiB");
}

}  // namespace
}  // namespace assay::sources::aws
