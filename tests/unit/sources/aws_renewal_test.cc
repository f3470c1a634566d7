// When the chain looks again, what serves meanwhile, roles on top, and the region where none is named.
#include <gtest/gtest.h>

#include "sources/aws/credentials.h"
#include "tests/unit/sources/aws_chain.h"

namespace assay::sources::aws {
namespace {

using AwsRenewal = AwsChain;

TEST_F(AwsRenewal, AreRenewedFiveMinutesBeforeTheyExpire) {
  int64_t now = now_s();
  farm::AwsMetadataServer service =
      metadata({.credentials = farm::metadata_credentials("ONE", "i", "t", iso_time(now + 3600))});
  CredentialChain chain({});
  EXPECT_TRUE(show(chain.get(now)).starts_with("ONE "));
  service.set({.credentials = farm::metadata_credentials("TWO", "i", "t", iso_time(now + 9000))});
  EXPECT_TRUE(show(chain.get(now + 3299)).starts_with("ONE "));
  EXPECT_EQ(service.asked(), 1);
  EXPECT_TRUE(show(chain.get(now + 3301)).starts_with("TWO "));
  EXPECT_EQ(service.asked(), 2);
}

TEST_F(AwsRenewal, ServeOnWhileTheyCannotBeRenewedAndEndWithTheirTime) {
  int64_t now = now_s();
  farm::AwsMetadataServer service =
      metadata({.credentials = farm::metadata_credentials("ONE", "i", "t", iso_time(now + 3600))});
  CredentialChain chain({});
  EXPECT_TRUE(show(chain.get(now)).starts_with("ONE "));
  service.set({.status = 500});
  EXPECT_TRUE(show(chain.get(now + 3400)).starts_with("ONE "));
  EXPECT_TRUE(show(chain.get(now + 3601)).starts_with("denied: no AWS credentials"))
      << show(chain.get(now + 3601));
}

TEST_F(AwsRenewal, ForgottenOnesAreLookedForAnew) {
  farm::AwsMetadataServer service =
      metadata({.credentials = farm::metadata_credentials("ONE", "i", "t", "")});
  CredentialChain chain({});
  EXPECT_TRUE(show(chain.get(now_s())).starts_with("ONE "));
  service.set({.credentials = farm::metadata_credentials("TWO", "i", "t", "")});
  EXPECT_TRUE(show(chain.get(now_s())).starts_with("ONE "));
  chain.forget();
  EXPECT_TRUE(show(chain.get(now_s())).starts_with("TWO "));
}

TEST_F(AwsRenewal, ExpiredOnesAreNotUsed) {
  farm::AwsMetadataServer service =
      metadata({.credentials = farm::metadata_credentials("ONE", "i", "t", iso_time(now_s() - 5))});
  EXPECT_EQ(get(),
            "denied: AWS credentials of instance role farm have expired already: renew them, or check this "
            "host's clock");
}

TEST_F(AwsRenewal, RoleOnTopIsAssumedAndRenewed) {
  farm::serve_sts(server_, {.external_ids = {{kRole, ""}}});
  keys();
  CredentialChain chain(role(kRole));
  EXPECT_EQ(show(chain.get(now_s())),
            "ASIA-Reader-1 secret/of+Reader1 token/of+Reader== from role " + kRole + " by environment");
  EXPECT_TRUE(show(chain.get(now_s())).starts_with("ASIA-Reader-1 "));
  EXPECT_TRUE(show(chain.get(now_s() + 3400)).starts_with("ASIA-Reader-2 "));
  EXPECT_EQ(server_.came("AssumeRole"), 2u);
  EXPECT_EQ(
      get(role(kInner)),
      "denied: assume " + kInner +
          ": sts AssumeRole in eu-west-1: AccessDenied: User: "
          "arn:aws:iam::123456789012:user/test is not authorized to perform: sts:AssumeRole on resource: " +
          kInner + "; grant it in IAM (asked with credentials of: environment)");
  EXPECT_EQ(get(role("Reader")),
            "invalid: \"Reader\" is no ARN of a role, as \"arn:aws:iam::123456789012:role/NAME\" is one");
}

TEST_F(AwsRenewal, DefaultRegionOfEnvironmentProfileAndInstance) {
  auto region = [] {
    auto out = default_region();
    return out ? *out : out.error().what;
  };
  EXPECT_EQ(region(), "no AWS region: set $AWS_REGION, or name one in the source: ecr:eu-west-1");
  farm::AwsMetadataServer service = metadata({.region = "ap-south-1"});
  EXPECT_EQ(region(), "ap-south-1");
  environment_.file(".aws/config", "[default]\nregion = eu-north-1\n");
  EXPECT_EQ(region(), "eu-north-1");
  environment_.set("AWS_DEFAULT_REGION", "us-west-2");
  EXPECT_EQ(region(), "us-west-2");
  environment_.set("AWS_REGION", "cn-north-1");
  EXPECT_EQ(region(), "cn-north-1");
  environment_.set("AWS_REGION", "x.evil/");
  EXPECT_EQ(region(), "$AWS_REGION is no AWS region: \"x.evil/\"");
}

}  // namespace
}  // namespace assay::sources::aws
