// Credentials of three clouds, asked for as their own clients do.
#include "agent/lure/forms.h"
#include "tests/unit/sinkhole/site_kit.h"

namespace assay::sinkhole {
namespace {

class CloudMetadata : public SiteTest {
 protected:
  Answered get(const std::string& url, Headers headers = {}) {
    return ask(answer_cloud_metadata, "GET", url, "", std::move(headers));
  }
};

const std::string kAws = "http://169.254.169.254/latest/";
const std::string kGcp = "http://metadata.google.internal/computeMetadata/v1/";
const std::string kAzure = "http://169.254.169.254/metadata/";

TEST_F(CloudMetadata, AwsHandsOutARolesCredentials) {
  auto role = get(kAws + "meta-data/iam/security-credentials/").answer.body;
  EXPECT_EQ(tokens(), "");
  auto body = get(kAws + "meta-data/iam/security-credentials/" + role).json();
  const std::string id = "aws_key:http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  EXPECT_EQ(tokens(), "served " + id + "\n");
  EXPECT_EQ(body["AccessKeyId"], token(id).values[0]);
  EXPECT_EQ(body["SecretAccessKey"], token(id).values[1]);
  EXPECT_EQ(body["Token"], token(id).text);
  EXPECT_EQ(body["Code"], "Success");
  EXPECT_EQ(get(kAws + "dynamic/instance-identity/document").json()["accountId"],
            lure::aws_account(token(id).values[0]));
  EXPECT_EQ(get(kAws + "meta-data/iam/security-credentials/other").answer.status, 404);
}

TEST_F(CloudMetadata, AwsVersionTwoGivesATokenForATime) {
  auto put = [&](Headers headers) {
    return ask(answer_cloud_metadata, "PUT", kAws + "api/token", "", headers);
  };
  EXPECT_EQ(put({}).answer.status, 400);
  auto token = put({{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}});
  EXPECT_EQ(token.answer.body.size(), 56u) << token.answer.body;
  EXPECT_EQ(token.header("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"), "21600");
  EXPECT_EQ(
      get(kAws + "meta-data/instance-id", {{"x-aws-ec2-metadata-token", token.answer.body}}).answer.status,
      200);
  EXPECT_EQ(get("http://169.254.169.254/2021-07-15/meta-data/instance-type").answer.body, "m5.xlarge");
}

TEST_F(CloudMetadata, AwsUserDataHoldsAPassword) {
  std::string body = get(kAws + "user-data").answer.body;
  const std::string id = "database_password:http://169.254.169.254/latest/user-data";
  EXPECT_EQ(tokens(), "served " + id + "\n");
  EXPECT_NE(body.find(token(id).text), std::string::npos);
}

TEST_F(CloudMetadata, EveryListedNameOfAwsExists) {
  std::vector<std::string> todo{""};
  size_t seen = 0;
  while (!todo.empty()) {
    std::string at = todo.back();
    todo.pop_back();
    auto answer = get(kAws + "meta-data/" + at);
    ASSERT_EQ(answer.answer.status, 200) << at;
    if (++seen > 60 || (!at.empty() && !at.ends_with('/'))) continue;
    std::istringstream lines(answer.answer.body);
    for (std::string line; std::getline(lines, line);)
      if (!at.ends_with("macs/")) todo.push_back(at + line);
  }
  EXPECT_GT(seen, 15u);
}

TEST_F(CloudMetadata, ATasksAgentIsKnownByItsAddress) {
  peer_.dst = Address::v4(0xa9feaa02);
  auto body = get("http://whatever/v2/credentials/8a7e1c2b").json();
  const std::string id = "aws_key:http://169.254.170.2/v2/credentials/";
  EXPECT_EQ(tokens(), "served " + id + "\n");
  EXPECT_EQ(body["SecretAccessKey"], token(id).values[1]);
  EXPECT_TRUE(body["RoleArn"].get<std::string>().find(lure::aws_account(token(id).values[0])) !=
              std::string::npos);
  EXPECT_EQ(get("http://whatever/v4/1/task").json()["Cluster"], "production");
}

TEST_F(CloudMetadata, GoogleAnswersWhoeverKnowsItsHeader) {
  EXPECT_EQ(get(kGcp + "instance/service-accounts/default/token").answer.status, 403);
  EXPECT_EQ(tokens(), "");
  auto answer = get(kGcp + "instance/service-accounts/default/token", {{"metadata-flavor", "Google"}});
  EXPECT_EQ(answer.header("Metadata-Flavor"), "Google");
  const std::string id =
      "gcp_token:http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";
  EXPECT_EQ(tokens(), "served " + id + "\n");
  EXPECT_EQ(answer.json()["access_token"], token(id).text);
  EXPECT_EQ(get(kGcp + "instance/zone", {{"metadata-flavor", "Google"}}).answer.status, 200);
  EXPECT_EQ(get(kGcp + "instance/nothing", {{"metadata-flavor", "Google"}}).answer.status, 404);
}

TEST_F(CloudMetadata, AzureAnswersWhoeverKnowsItsHeader) {
  const std::string url =
      kAzure + "identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fvault.azure.net";
  EXPECT_EQ(get(url).answer.status, 400);
  auto body = get(url, {{"metadata", "true"}}).json();
  const std::string id = "azure_token:http://169.254.169.254/metadata/identity/oauth2/token";
  EXPECT_EQ(tokens(), "served " + id + "\n");
  EXPECT_EQ(body["access_token"], token(id).text);
  EXPECT_EQ(body["resource"], "https://vault.azure.net");
  EXPECT_TRUE(
      get(kAzure + "instance?api-version=2021-02-01", {{"metadata", "true"}}).json().contains("compute"));
  EXPECT_EQ(get(kAzure + "instance/none", {{"metadata", "true"}}).answer.status, 404);
}

TEST_F(CloudMetadata, LeavesOtherHostsToOthers) {
  EXPECT_FALSE(get("http://example.com/latest/meta-data/").any);
  EXPECT_FALSE(get("http://example.com/computeMetadata/v1/").any);
}

}  // namespace
}  // namespace assay::sinkhole
