// Calls of AWS: signed by libcurl and judged by the verifier that the published vectors prove
// (aws_sigv4_test); what is tried again, for how long, and what errors say.
#include "sources/aws/call.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/sources/aws_support.h"

namespace assay::sources::aws {
namespace {

using farm::AwsAnswer;
using farm::AwsAsk;
using farm::AwsFault;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Kind = farm::AwsFault::Kind;

constexpr Retries kQuick{5, milliseconds(1), milliseconds(4), std::chrono::seconds(20)};

class AwsCall : public testing::Test {
 protected:
  AwsCall() {
    environment_.set("AWS_ACCESS_KEY_ID", kKeyId);
    environment_.set("AWS_SECRET_ACCESS_KEY", kSecret);
    server_.handle("ecr", "Echo", [](const AwsAsk& ask) { return AwsAnswer{ask.body}; });
    server_.handle("ecr", "Refuse", [](const AwsAsk& ask) {
      std::string code = ask.body.substr(9, ask.body.size() - 11);
      return farm::aws_error(code, "as it was told");
    });
  }
  Service service() const {
    return {"ecr", "eu-west-1", server_.url(), "AmazonEC2ContainerRegistry_V20150921", "1.1"};
  }
  Client client(Retries retries = kQuick) { return Client(service(), chain_, -1, retries); }
  std::string refused(const std::string& code) {
    auto answer = client().call("Refuse", R"({"code":")" + code + R"("})");
    return answer ? "taken" : std::string(to_string(answer.error().code)) + ": " + answer.error().what;
  }
  std::string outcome(const Result<std::string>& answer) {
    return answer ? *answer : std::string(to_string(answer.error().code)) + ": " + answer.error().what;
  }

  CleanEnvironment environment_;
  farm::AwsServer server_ = start_server();
  CredentialChain chain_{{}};
};

TEST_F(AwsCall, LibcurlsSignatureIsTakenByTheVerifier) {
  Client client = this->client();
  for (std::string body : {R"({})", R"({"a":"b c+d/e=f&g%20 ü"})", R"({"nextToken":"AAAA/BBBB+CC=="})"}) {
    auto answer = client.call("Echo", body);
    EXPECT_EQ(outcome(answer), body);
  }
  EXPECT_EQ(server_.answered("Echo"), 3u);
  EXPECT_EQ(client.throttled(), 0u);
}

TEST_F(AwsCall, LibcurlSignsTheSessionToken) {
  server_.add_key({"ASIAOTHER", "other/secret", "IQoJb3JpZ2luX2VjE/+token=="});
  environment_.set("AWS_ACCESS_KEY_ID", "ASIAOTHER");
  environment_.set("AWS_SECRET_ACCESS_KEY", "other/secret");
  environment_.set("AWS_SESSION_TOKEN", "IQoJb3JpZ2luX2VjE/+token==");
  EXPECT_EQ(outcome(client().call("Echo", "{}")), "{}");
  chain_.forget();
  environment_.set("AWS_SESSION_TOKEN", "another");
  std::string said = outcome(client().call("Echo", "{}"));
  EXPECT_TRUE(said.starts_with("denied: ecr Echo in eu-west-1: UnrecognizedClientException")) << said;
  EXPECT_EQ(said.find("another"), std::string::npos) << said;
}

TEST_F(AwsCall, WrongSecretIsRefusedInWordsAndNeverShown) {
  environment_.set("AWS_SECRET_ACCESS_KEY", "not/the/right/secret");
  auto answer = client().call("Echo", "{}");
  EXPECT_EQ(outcome(answer),
            "denied: ecr Echo in eu-west-1: InvalidSignatureException: The request signature we calculated "
            "does not "
            "match the signature you provided. Check your AWS Secret Access Key and signing method.; check "
            "the secret "
            "access key, and this host's clock (asked with credentials of: environment)");
  EXPECT_EQ(server_.came("Echo"), 1u);
}

TEST_F(AwsCall, UnknownKeyIsAskedForOnceMoreAndThenRefused) {
  environment_.set("AWS_ACCESS_KEY_ID", "AKIANOBODY");
  std::string said = outcome(client().call("Echo", "{}"));
  EXPECT_EQ(said,
            "denied: ecr Echo in eu-west-1: UnrecognizedClientException: The security token included in the "
            "request is invalid.; renew or correct the credentials (asked with credentials of: environment)");
  EXPECT_EQ(server_.came("Echo"), 2u);
}

TEST_F(AwsCall, ThrottledCallsAreTriedAgainAndCounted) {
  server_.inject({.kind = Kind::throttle, .times = 3});
  server_.inject({.kind = Kind::too_many, .times = 1});
  Client client = this->client();
  EXPECT_EQ(outcome(client.call("Echo", R"({"x":1})")), R"({"x":1})");
  EXPECT_EQ(server_.came("Echo"), 5u);
  EXPECT_EQ(client.throttled(), 4u);
}

TEST_F(AwsCall, ThrottledToTheEndIsBusy) {
  server_.inject({.kind = Kind::throttle, .times = 100});
  EXPECT_EQ(outcome(client().call("Echo", "{}")),
            "busy: ecr Echo in eu-west-1: ThrottlingException: Rate exceeded (after 5 tries)");
  EXPECT_EQ(server_.came("Echo"), 5u);
}

TEST_F(AwsCall, RetryAfterIsHonoured) {
  server_.inject({.kind = Kind::too_many, .times = 1, .retry_after_s = 1});
  auto begin = steady_clock::now();
  EXPECT_EQ(outcome(client().call("Echo", "{}")), "{}");
  auto took = steady_clock::now() - begin;
  EXPECT_GE(took, milliseconds(1000));
  EXPECT_LT(took, milliseconds(5000));
}

TEST_F(AwsCall, RetryAfterBeyondTheCallsTimeIsBusyAtOnce) {
  server_.inject({.kind = Kind::throttle, .times = 1, .retry_after_s = 3600});
  auto begin = steady_clock::now();
  EXPECT_EQ(outcome(client().call("Echo", "{}")),
            "busy: ecr Echo in eu-west-1: ThrottlingException: Rate exceeded (after 1 try)");
  EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(AwsCall, FailuresOfTheServiceAreTriedAgain) {
  server_.inject({.kind = Kind::fail, .times = 1});
  server_.inject({.kind = Kind::unavailable, .times = 1});
  server_.inject({.kind = Kind::cut, .times = 1});
  server_.inject({.kind = Kind::garbage, .times = 1});
  EXPECT_EQ(outcome(client().call("Echo", "{}")), "{}");
  EXPECT_EQ(server_.came("Echo"), 5u);
}

TEST_F(AwsCall, FailuresToTheEndSayWhat) {
  server_.inject({.kind = Kind::fail, .times = 5});
  EXPECT_EQ(outcome(client().call("Echo", "{}")),
            "unreachable: ecr Echo in eu-west-1: ServerException: Something is broken (after 5 tries)");
  server_.inject({.kind = Kind::unavailable, .times = 5});
  EXPECT_EQ(outcome(client().call("Echo", "{}")),
            "unreachable: ecr Echo in eu-west-1: HTTP status 503 and no error of AWS's (after 5 tries)");
  server_.inject({.kind = Kind::garbage, .times = 5});
  EXPECT_EQ(outcome(client().call("Echo", "{}")),
            "corrupt: ecr Echo in eu-west-1: the answer is no JSON object; is this an AWS endpoint? (after 5 "
            "tries)");
}

TEST_F(AwsCall, NobodyThereIsTriedAgainAndNamed) {
  Service nobody = service();
  nobody.endpoint = "http://127.0.0.1:9";
  Client client(nobody, chain_, -1, kQuick);
  EXPECT_EQ(outcome(client.call("Echo", "{}")),
            "unreachable: ecr Echo in eu-west-1: 127.0.0.1:9 takes no connection: Connection refused (after "
            "5 tries)");
}

TEST_F(AwsCall, SlowAnswerIsWaitedForAndAStopIsHeard) {
  server_.inject({.kind = Kind::slow, .times = 1, .delay = milliseconds(300)});
  EXPECT_EQ(outcome(client().call("Echo", "{}")), "{}");
  auto stop = make_event();
  ASSERT_TRUE(stop);
  raise_event(stop->get());
  CredentialChain chain({}, stop->get());
  Client stopped(service(), chain, stop->get(), kQuick);
  auto answer = stopped.call("Echo", "{}");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::cancelled);
}

TEST_F(AwsCall, ExpiredCredentialsAreLookedForAnewOnce) {
  std::string file =
      environment_.file("keys", "[default]\naws_access_key_id=AKIAOLD\naws_secret_access_key=old\n");
  environment_.unset("AWS_ACCESS_KEY_ID");
  environment_.unset("AWS_SECRET_ACCESS_KEY");
  environment_.set("AWS_SHARED_CREDENTIALS_FILE", file);
  server_.add_key({"AKIAOLD", "old"});
  server_.add_key({"AKIANEW", "new"});
  Client client = this->client();
  EXPECT_EQ(outcome(client.call("Echo", "{}")), "{}");
  server_.expire("AKIAOLD");
  environment_.file("keys", "[default]\naws_access_key_id=AKIANEW\naws_secret_access_key=new\n");
  EXPECT_EQ(outcome(client.call("Echo", "{}")), "{}");
  EXPECT_EQ(server_.came("Echo"), 3u);
  server_.expire("AKIANEW");
  EXPECT_EQ(
      outcome(client.call("Echo", "{}")),
      "denied: ecr Echo in eu-west-1: ExpiredTokenException: The security token included in the request is "
      "expired; renew or correct the credentials (asked with credentials of: profile default)");
  EXPECT_EQ(server_.came("Echo"), 5u);
}

TEST_F(AwsCall, ClockThatIsOffIsNamed) {
  server_.set_clock_offset(std::chrono::minutes(20));
  std::string said = outcome(client().call("Echo", "{}"));
  EXPECT_TRUE(
      said.starts_with("denied: ecr Echo in eu-west-1: InvalidSignatureException: Signature expired: "))
      << said;
  EXPECT_TRUE(said.ends_with("; this host's clock is 20 minutes behind Amazon's: set it (NTP)")) << said;
  server_.set_clock_offset(-std::chrono::hours(5));
  said = outcome(client().call("Echo", "{}"));
  EXPECT_TRUE(said.ends_with("; this host's clock is 5 hours ahead of Amazon's: set it (NTP)")) << said;
  server_.set_clock_offset(std::chrono::seconds(0));
  server_.inject({.kind = Kind::skewed});
  EXPECT_EQ(
      outcome(client().call("Echo", "{}")),
      "denied: ecr Echo in eu-west-1: RequestTimeTooSkewed: The difference between the request time and the "
      "current time is too large.; check this host's clock");
}

TEST_F(AwsCall, CodesOfErrorsAreTold) {
  EXPECT_EQ(refused("RepositoryNotFoundException"),
            "not_found: ecr Refuse in eu-west-1: RepositoryNotFoundException: as it was told");
  EXPECT_EQ(refused("com.amazonaws.ecr#InvalidParameterException:http://internal.amazon.com/"),
            "invalid: ecr Refuse in eu-west-1: InvalidParameterException: as it was told");
  EXPECT_EQ(
      refused("AccessDeniedException"),
      "denied: ecr Refuse in eu-west-1: AccessDeniedException: as it was told; grant it in IAM (asked with "
      "credentials of: environment)");
  EXPECT_EQ(refused("NoSuchOperationAtAll"),
            "invalid: ecr Refuse in eu-west-1: NoSuchOperationAtAll: as it was told");
}

TEST_F(AwsCall, WhatAwsRepeatsOfSecretsIsBlottedOut) {
  server_.handle("ecr", "Leak", [](const AwsAsk&) {
    return farm::aws_error("InvalidParameterException",
                           "got " + kSecret + "\x1b[31m and " + kSecret + "\nand " + kSecret);
  });
  EXPECT_EQ(outcome(client().call("Leak", "{}")),
            "invalid: ecr Leak in eu-west-1: InvalidParameterException: got ***\\x1b[31m and ***");
}

TEST_F(AwsCall, EndpointsOfTheEnvironmentAreAsked) {
  Service open = service();
  open.endpoint = "";
  environment_.set("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
  environment_.set("AWS_ENDPOINT_URL_ECR", server_.url());
  Client client(open, chain_, -1, kQuick);
  EXPECT_EQ(outcome(client.call("Echo", "{}")), "{}");
  environment_.set("AWS_ENDPOINT_URL_ECR", "ftp://x");
  EXPECT_EQ(outcome(client.call("Echo", "{}")),
            "invalid: $AWS_ENDPOINT_URL_ECR: a URL is not one of http:// or https://");
}

TEST_F(AwsCall, WhatIsNoRegionIsNotPutIntoAHost) {
  Service odd = service();
  odd.region = "eu-west-1.example/";
  Client client(odd, chain_, -1, kQuick);
  EXPECT_EQ(outcome(client.call("Echo", "{}")),
            "invalid: \"eu-west-1.example/\" is no AWS region, as \"eu-west-1\" is one");
}

}  // namespace
}  // namespace assay::sources::aws
