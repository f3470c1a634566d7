// A client that is not ours against the endpoint that judges ours: Debian's awscli is taken with the right
// keys and refused with a wrong secret, so the verifier agrees with botocore as it does with the published
// vectors.
#include "tests/farm/aws_cli.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/farm/aws_sqs.h"
#include "tests/farm/aws_sts.h"
#include "tests/unit/sources/aws_support.h"

namespace assay::sources::aws {
namespace {

using farm::AwsAnswer;
using farm::AwsAsk;
using nlohmann::json;

class AwsCli : public testing::Test {
 protected:
  void SetUp() override { ASSAY_NEED(farm::has_aws_cli(), "awscli"); }

  Output aws(const farm::AwsKey& key, std::vector<std::string> arguments) {
    auto out = farm::aws_cli(server_.url(), key, "eu-west-1", std::move(arguments));
    EXPECT_TRUE(out) << out.error().what;
    return out ? *out : Output{};
  }

  const farm::AwsKey good_{kKeyId, kSecret}, wrong_{kKeyId, "not/the/right/secret"},
      session_{"ASIASESSION", "session/secret", "IQoJb3JpZ2luX2VjE/+token=="};
  farm::AwsServer server_ = start_server({good_, session_});
};

TEST_F(AwsCli, DescribeRepositoriesIsTakenWithGoodKeysAndRefusedWithAWrongSecret) {
  server_.handle("ecr", "DescribeRepositories", [](const AwsAsk& ask) {
    return AwsAnswer{
        json{{"repositories", {{{"repositoryName", "team/app"}, {"registryId", ask.key.account}}}}}.dump()};
  });
  for (const farm::AwsKey& key : {good_, session_}) {
    Output out = aws(key, {"ecr", "describe-repositories"});
    EXPECT_EQ(out.status.shell_code(), 0) << out.err;
    EXPECT_EQ(json::parse(out.out, nullptr, false)["repositories"][0]["repositoryName"], "team/app")
        << out.out;
  }
  Output refused = aws(wrong_, {"ecr", "describe-repositories"});
  EXPECT_NE(refused.status.shell_code(), 0);
  EXPECT_NE(refused.err.find("InvalidSignatureException"), std::string::npos) << refused.err;
  EXPECT_EQ(server_.came("DescribeRepositories"), 3u);
  EXPECT_EQ(server_.answered("DescribeRepositories"), 2u);
}

TEST_F(AwsCli, GetCallerIdentityInTheQueryProtocol) {
  farm::serve_sts(server_, {});
  Output out = aws(session_, {"sts", "get-caller-identity"});
  EXPECT_EQ(out.status.shell_code(), 0) << out.err;
  EXPECT_EQ(json::parse(out.out, nullptr, false)["Account"], "123456789012") << out.out;
  Output refused = aws(wrong_, {"sts", "get-caller-identity"});
  EXPECT_NE(refused.err.find("SignatureDoesNotMatch"), std::string::npos) << refused.err;
}

TEST_F(AwsCli, AssumeRoleGivesKeysThatAreTaken) {
  const std::string role = "arn:aws:iam::210987654321:role/Reader";
  farm::serve_sts(server_, {.external_ids = {{role, ""}}});
  Output out = aws(good_, {"sts", "assume-role", "--role-arn", role, "--role-session-name", "test"});
  ASSERT_EQ(out.status.shell_code(), 0) << out.err;
  auto credentials = json::parse(out.out)["Credentials"];
  farm::AwsKey assumed{credentials["AccessKeyId"], credentials["SecretAccessKey"],
                       credentials["SessionToken"]};
  Output who = aws(assumed, {"sts", "get-caller-identity"});
  ASSERT_EQ(who.status.shell_code(), 0) << who.err;
  EXPECT_EQ(json::parse(who.out)["Arn"], role);
}

TEST_F(AwsCli, ReceiveMessage) {
  farm::AwsQueue queue(server_, "pushes");
  queue.send("{\"hello\": \"<world>\"}");
  Output out = aws(good_, {"sqs", "receive-message", "--queue-url", queue.url()});
  ASSERT_EQ(out.status.shell_code(), 0) << out.err;
  auto message = json::parse(out.out)["Messages"][0];
  EXPECT_EQ(message["Body"], "{\"hello\": \"<world>\"}");
  Output gone = aws(good_, {"sqs", "delete-message", "--queue-url", queue.url(), "--receipt-handle",
                            message["ReceiptHandle"]});
  EXPECT_EQ(gone.status.shell_code(), 0) << gone.err;
  EXPECT_EQ(queue.size(), 0u);
  Output refused = aws(wrong_, {"sqs", "receive-message", "--queue-url", queue.url()});
  EXPECT_NE(refused.status.shell_code(), 0);
  EXPECT_EQ(server_.answered("ReceiveMessage"), 1u);
}

}  // namespace
}  // namespace assay::sources::aws
