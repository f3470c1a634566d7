// The chain against services of its kind on the loopback: which place is asked first, what each gives, when
// it is asked again, and that no error holds a secret.
#include "sources/aws/credentials.h"

#include <gtest/gtest.h>

#include "tests/unit/sources/aws_chain.h"

namespace assay::sources::aws {
namespace {

using AwsCredentials = AwsChain;

TEST_F(AwsCredentials, NoneSaysWhereItLooked) {
  EXPECT_EQ(
      get(),
      "denied: no AWS credentials: environment: AWS_ACCESS_KEY_ID is not set; profile default: there is no "
      "~/.aws/credentials and no ~/.aws/config; web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; "
      "container: "
      "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set; instance: AWS_EC2_METADATA_DISABLED "
      "is "
      "true");
}

TEST_F(AwsCredentials, EnvironmentGoesFirst) {
  environment_.file(".aws/credentials", "[default]\naws_access_key_id=FILE\naws_secret_access_key=f\n");
  keys();
  environment_.set("AWS_SESSION_TOKEN", "tok");
  EXPECT_EQ(get(), kKeyId + " " + kSecret + " tok from environment");
}

TEST_F(AwsCredentials, HalfOrBrokenEnvironmentIsAnErrorWithoutTheSecret) {
  environment_.set("AWS_ACCESS_KEY_ID", kKeyId);
  EXPECT_EQ(get(), "invalid: AWS credentials: environment: the secret access key is missing");
  environment_.set("AWS_SECRET_ACCESS_KEY", "line\nbreak");
  EXPECT_EQ(
      get(),
      "invalid: AWS credentials: environment: the secret access key holds a space, a line break or another "
      "character that cannot be in one");
}

TEST_F(AwsCredentials, ProfilesOfBothFiles) {
  environment_.file(".aws/credentials",
                    "# mine\n[default]\naws_access_key_id = FILE\naws_secret_access_key = f/+=\n"
                    "[ other ]\nAWS_ACCESS_KEY_ID=OTHER\naws_secret_access_key=o\naws_session_token=t\n");
  environment_.file(
      ".aws/config",
      "[default]\nregion = eu-north-1\naws_access_key_id = CONFIG\ns3 =\n  aws_secret_access_key = nested\n"
      "[profile \"in config\"]\naws_access_key_id=CONFIGURED\naws_secret_access_key=c\n"
      "[profile empty]\nregion=eu-west-1\n[sso-session x]\naws_access_key_id=NO\n");
  EXPECT_EQ(get(), "FILE f/+=  from profile default");
  environment_.set("AWS_PROFILE", "other");
  EXPECT_EQ(get(), "OTHER o t from profile other");
  environment_.set("AWS_PROFILE", "in config");
  EXPECT_EQ(get(), "CONFIGURED c  from profile in config");
  environment_.set("AWS_PROFILE", "nobody's");
  EXPECT_EQ(get(), "invalid: AWS credentials: profile nobody's: the shared files have no such profile");
  environment_.set("AWS_PROFILE", "empty");
  EXPECT_NE(get().find("profile empty: it names no credentials"), std::string::npos) << get();
}

TEST_F(AwsCredentials, FilesThatAreNamedElsewhere) {
  environment_.set(
      "AWS_SHARED_CREDENTIALS_FILE",
      environment_.file("a/keys", "[default]\r\naws_access_key_id=A\r\naws_secret_access_key=b\r\n"));
  EXPECT_EQ(get(), "A b  from profile default");
  environment_.set("AWS_SHARED_CREDENTIALS_FILE",
                   environment_.file("a/large", std::string((1 << 20) + 1, '#')));
  EXPECT_TRUE(get().starts_with("limit: AWS credentials: profile default: ")) << get();
}

TEST_F(AwsCredentials, RoleOfAProfileByAnotherProfile) {
  farm::serve_sts(server_, {.external_ids = {{kRole, "shared"}, {kInner, ""}}});
  environment_.set("AWS_ENDPOINT_URL_STS", server_.url());
  environment_.file(".aws/credentials",
                    "[base]\naws_access_key_id=" + kKeyId + "\naws_secret_access_key=" + kSecret + "\n");
  environment_.file(".aws/config", "[profile top]\nrole_arn=" + kInner +
                                       "\nsource_profile=middle\n[profile middle]\nrole_arn=" + kRole +
                                       "\nsource_profile=base\nexternal_id=shared\nregion=eu-west-1\n");
  environment_.set("AWS_PROFILE", "top");
  EXPECT_EQ(get(), "ASIA-Inner-2 secret/of+Inner2 token/of+Inner== from profile top, role " + kInner +
                       " by profile middle, role " + kRole + " by profile base");
  environment_.file(".aws/config", "[profile top]\nrole_arn=" + kInner +
                                       "\nsource_profile=middle\n[profile middle]\nrole_arn=" + kRole +
                                       "\nsource_profile=top\n");
  EXPECT_TRUE(get().find("comes back to itself") != std::string::npos) << get();
}

TEST_F(AwsCredentials, RoleOfAProfileByAPlaceAndWhatIsNotSupported) {
  farm::serve_sts(server_, {.external_ids = {{kRole, ""}}});
  environment_.set("AWS_ENDPOINT_URL", server_.url());
  auto service =
      farm::AwsMetadataServer::start({.credentials = farm::metadata_credentials(kKeyId, kSecret, "", "")});
  ASSERT_TRUE(service);
  environment_.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", service->container_url());
  auto profile = [&](const std::string& more) {
    environment_.file(".aws/config", "[default]\nrole_arn=" + kRole + "\n" + more);
    return get();
  };
  EXPECT_EQ(profile("credential_source=EcsContainer\n"),
            "ASIA-Reader-1 secret/of+Reader1 token/of+Reader== from profile default, role " + kRole +
                " by container");
  const std::string begin = "AWS credentials: profile default: ";
  EXPECT_EQ(profile("credential_source=Cloud\n"),
            "invalid: " + begin +
                "credential_source \"Cloud\" is none of Environment, EcsContainer, Ec2InstanceMetadata");
  EXPECT_EQ(profile(""),
            "invalid: " + begin + "it has a role_arn, and neither source_profile nor credential_source");
  EXPECT_EQ(
      profile("mfa_serial=x\nsource_profile=default\n"),
      "unsupported: " + begin + "its role wants a code of a device (mfa_serial), which nobody can type here");
  EXPECT_EQ(profile("credential_source=EcsContainer\nduration_seconds=10\n"),
            "invalid: " + begin + "duration_seconds is not a number from 900 to 43200");
  environment_.file(".aws/config", "[default]\nsso_session=x\n");
  EXPECT_TRUE(get().starts_with("unsupported: " + begin + "it logs in by IAM Identity Center")) << get();
}

TEST_F(AwsCredentials, CredentialProcess) {
  std::string script = environment_.file(
      "give keys",
      "#!/bin/sh\n[ \"$1\" = 'for me' ] || exit 3\n"
      "echo '{\"Version\":1,\"AccessKeyId\":\"PROC\",\"SecretAccessKey\":\"p\",\"SessionToken\":\"t\","
      "\"Expiration\":\"2099-01-01T00:00:00Z\"}'\n");
  auto profile = [&](const std::string& command) {
    environment_.file(".aws/config", "[default]\ncredential_process = " + command + "\n");
    return get();
  };
  EXPECT_EQ(profile("\"" + script + "\" 'for me'"), "PROC p t from profile default (credential_process)");
  const std::string begin = "AWS credentials: profile default: credential_process";
  EXPECT_EQ(profile("\"" + script + "\" topsecret"),
            "denied: " + begin + " " + script + " ended with status 3; run it by hand to see why");
  EXPECT_EQ(profile("'" + script), "invalid: " + begin + ": a quote is not closed");
  EXPECT_EQ(profile("/bin/echo {}"),
            "corrupt: " + begin + " /bin/echo does not print a JSON object of \"Version\": 1");
  EXPECT_TRUE(profile("/nonexistent/program").starts_with("not_found: " + begin)) << get();
}

TEST_F(AwsCredentials, WebIdentity) {
  farm::serve_sts(server_, {.web_identity = "eyJhbGciOi.J.token"});
  environment_.set("AWS_ENDPOINT_URL_STS", server_.url());
  environment_.set("AWS_WEB_IDENTITY_TOKEN_FILE", environment_.file("token", "eyJhbGciOi.J.token\n"));
  EXPECT_EQ(
      get(),
      "invalid: AWS credentials: web identity: AWS_WEB_IDENTITY_TOKEN_FILE is set, and AWS_ROLE_ARN is not");
  environment_.set("AWS_ROLE_ARN", kRole);
  EXPECT_EQ(get(),
            "ASIA-Reader-1 secret/of+Reader1 token/of+Reader== from role " + kRole + " by web identity");
  environment_.file("token", "eyJforged.token");
  EXPECT_EQ(
      get(),
      "denied: AWS credentials: web identity: assume " + kRole +
          ": sts AssumeRoleWithWebIdentity in us-east-1: InvalidIdentityToken: The token *** is not valid");
  environment_.file("token", "");
  EXPECT_TRUE(get().ends_with("/token is empty")) << get();
}

TEST_F(AwsCredentials, Container) {
  auto service = farm::AwsMetadataServer::start(
      {.credentials = farm::metadata_credentials("CONT", "c", "t", "2099-01-01T00:00:00Z"),
       .authorization = "the-pod's-token"});
  ASSERT_TRUE(service);
  environment_.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", service->container_url());
  EXPECT_EQ(get(),
            "denied: AWS credentials: container: its credentials service answers with HTTP status 401");
  environment_.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "the-pod's-token");
  EXPECT_EQ(get(), "CONT c t from container");
  environment_.set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", environment_.file("auth", "another\n"));
  EXPECT_EQ(get(),
            "denied: AWS credentials: container: its credentials service answers with HTTP status 401");
  environment_.file("auth", "the-pod's-token\n");
  EXPECT_EQ(get(), "CONT c t from container");
  environment_.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.0.0.1/x");
  EXPECT_TRUE(get().starts_with(
      "denied: AWS credentials: container: $AWS_CONTAINER_CREDENTIALS_FULL_URI is of 10.0.0.1:80: "))
      << get();
}

TEST_F(AwsCredentials, InstanceByVersionTwoAlone) {
  farm::AwsMetadata what{.role = "farm role/1",
                         .credentials = farm::metadata_credentials("INST", "i", "t", "2099-01-01T00:00:00Z")};
  farm::AwsMetadataServer service = metadata({.credentials = what.credentials});
  EXPECT_EQ(get(), "INST i t from instance role farm");
  EXPECT_EQ(service.without_token(), 0);
  auto note = [this](const std::string& text) {
    std::string said = get();
    EXPECT_TRUE(said.starts_with("denied: no AWS credentials: environment: ") &&
                said.ends_with("; instance: " + text))
        << said;
  };
  service.set({.tokens = false});
  note("it gives no token (HTTP status 403): IMDSv2 is needed, version 1 is not asked");
  service.set({.role = ""});
  note("the instance has no role");
  service.set({.credentials = R"({"Code": "AssumeRoleUnauthorizedAccess", "Message": "no"})"});
  note("it says AssumeRoleUnauthorizedAccess: no");
  service.set({.credentials = "<html>"});
  note("what it says is no JSON object");
  service.set({.status = 500});
  note("it gives no token (HTTP status 500): IMDSv2 is needed, version 1 is not asked");
  EXPECT_EQ(service.without_token(), 0);
  environment_.set("AWS_EC2_METADATA_DISABLED", "true");
  note("AWS_EC2_METADATA_DISABLED is true");
}

}  // namespace
}  // namespace assay::sources::aws
