// STS by the query protocol: what is tried again, what its XML may hold, whose account it says.
#include "sources/aws/sts.h"

#include <gtest/gtest.h>

#include "tests/farm/aws_sts.h"
#include "tests/unit/sources/aws_support.h"

namespace assay::sources::aws {
namespace {

using farm::AwsAnswer;
using farm::AwsAsk;
using Kind = farm::AwsFault::Kind;

const std::string kRole = "arn:aws:iam::210987654321:role/team/Reader";

class AwsSts : public testing::Test {
 protected:
  AwsSts() { farm::serve_sts(server_, {.external_ids = {{kRole, ""}}, .web_identity = "eyJ.token"}); }
  std::string account() {
    auto out = caller_account(http_, {server_.url(), "eu-west-1"}, as_);
    return out ? *out : std::string(to_string(out.error().code)) + ": " + out.error().what;
  }
  std::string assume() {
    auto out = assume_role(http_, {server_.url(), "eu-west-1"}, as_, kRole);
    return out ? out->key_id : std::string(to_string(out.error().code)) + ": " + out.error().what;
  }
  void answer(const std::string& body) {
    server_.handle("sts", "AssumeRole", [body](const AwsAsk&) { return AwsAnswer{body}; });
    server_.handle("sts", "GetCallerIdentity", [body](const AwsAsk&) { return AwsAnswer{body}; });
  }

  CleanEnvironment environment_;
  farm::AwsServer server_ = start_server();
  Http http_;
  Credentials as_{kKeyId, kSecret, "", 0, "environment"};
};

TEST_F(AwsSts, AccountOfWhoAsks) {
  EXPECT_EQ(account(), "123456789012");
  as_.secret = "wrong/secret";
  EXPECT_EQ(
      account(),
      "denied: sts GetCallerIdentity in eu-west-1: SignatureDoesNotMatch: The request signature we "
      "calculated does not match the signature you provided. Check your AWS Secret Access Key and signing "
      "method.; check the secret access key, and this host's clock (asked with credentials of: "
      "environment)");
}

TEST_F(AwsSts, AssumedRoleIsTakenByTheServiceItself) {
  auto role = assume_role(http_, {server_.url(), "eu-west-1"}, as_, kRole,
                          {.session = "sweep=1,+@", .duration_s = 900});
  ASSERT_TRUE(role) << role.error().what;
  EXPECT_EQ(role->from, "role " + kRole + " by environment");
  EXPECT_NEAR(static_cast<double>(role->expires_s), static_cast<double>(now_s() + 3600), 5);
  as_ = *role;
  EXPECT_EQ(account(), "210987654321");
}

TEST_F(AwsSts, ThrottlingAndFailuresAreTriedAgain) {
  server_.inject({.kind = Kind::throttle});
  server_.inject({.kind = Kind::fail});
  server_.inject({.kind = Kind::cut});
  EXPECT_EQ(assume(), "ASIA-Reader-1");
  server_.inject({.kind = Kind::throttle, .times = 4});
  EXPECT_EQ(assume(), "busy: assume " + kRole + ": sts AssumeRole in eu-west-1: Throttling: Rate exceeded");
}

TEST_F(AwsSts, TokenOfWebIdentityIsSentWithoutSignatureAndShownToNobody) {
  Sts sts{server_.url(), "eu-west-1"};
  EXPECT_TRUE(assume_with_web_identity(http_, sts, kRole, "eyJ.token", "x"));
  auto refused = assume_with_web_identity(http_, sts, kRole, "eyJ.forged&RoleArn=x", "x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().what,
      "assume " + kRole +
          ": sts AssumeRoleWithWebIdentity in eu-west-1: InvalidIdentityToken: The token *** is not valid");
}

TEST_F(AwsSts, AnswersThatAreNoneAreCorrupt) {
  const std::string bad =
      "corrupt: sts AssumeRole in eu-west-1: the answer holds no credentials; is this an AWS endpoint?";
  for (std::string body :
       {"", "garbage", "{}", "<AssumeRoleResponse/>",
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><AssumeRoleResponse><AssumeRoleResult>"
        "<Credentials><AccessKeyId>&e;</AccessKeyId></Credentials></AssumeRoleResult></AssumeRoleResponse>",
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>b"
        "</SecretAccessKey><SessionToken>c</SessionToken><Expiration>soon</Expiration></Credentials>"
        "</AssumeRoleResult></AssumeRoleResponse>"}) {
    answer(body);
    EXPECT_EQ(assume(), bad) << body;
  }
  answer(
      "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>../../x</Account></"
      "GetCallerIdentityResult>"
      "</GetCallerIdentityResponse>");
  EXPECT_EQ(
      account(),
      "corrupt: sts GetCallerIdentity in eu-west-1: the answer names no account of twelve digits; is this "
      "an AWS endpoint?");
}

TEST_F(AwsSts, DeepXmlIsNoWayIn) {
  std::string deep;
  for (int i = 0; i < 150'000; ++i) deep += "<a>";
  answer(deep);
  EXPECT_TRUE(assume().starts_with("corrupt: ")) << assume();
}

}  // namespace
}  // namespace assay::sources::aws
