// The verifier that judges our signatures and botocore's, held to the signature test suite that AWS publishes
// (its values; https://github.com/awslabs/aws-c-auth, tests/aws-signing-test-suite/v4).
#include "tests/farm/sigv4.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/ascii.h"
#include "common/digest.h"
#include "tests/unit/sources/aws_sigv4_suite.h"

namespace assay::farm {
namespace {

std::optional<std::string> secret_of(const std::string& id) {
  return id == kKey ? std::optional(kSecret) : std::nullopt;
}

// As the suite sends it: with host and date, the token and the body's hash where it has them; all of it
// signed.
SignedRequest request_of(const Vector& vector, const std::string& signature) {
  SignedRequest out{vector.method, vector.target, vector.headers, vector.body};
  out.headers.emplace_back("Host", "example.amazonaws.com");
  out.headers.emplace_back("X-Amz-Date", "20150830T123600Z");
  if (!vector.token.empty()) out.headers.emplace_back("X-Amz-Security-Token", vector.token);
  if (!vector.body.empty()) out.headers.emplace_back("X-Amz-Content-Sha256", Digest::of(vector.body).hex());
  std::vector<std::string> names;
  for (const auto& [name, value] : out.headers) names.push_back(ascii_lower(name));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ";") + name;
  out.headers.emplace_back("Authorization",
                           "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                           "SignedHeaders=" +
                               list + ", Signature=" + signature);
  return out;
}

std::string verdict(const SignedRequest& request, bool normalize = true, int64_t now_s = kAt) {
  auto claim = check_signature(request, secret_of, now_s, normalize);
  return claim ? "right" : claim.error().what;
}

TEST(AwsSigV4, EverySignatureOfThePublishedSuiteIsRight) {
  EXPECT_EQ(kSuite.size(), 38u);
  for (const Vector& vector : kSuite)
    EXPECT_EQ(verdict(request_of(vector, vector.signature), vector.normalize), "right") << vector.name;
}

TEST(AwsSigV4, AnotherDigitMethodTargetBodyOrHeaderIsRefused) {
  const std::string wrong = "the signature does not match";
  for (const Vector& vector : kSuite) {
    std::string other = vector.signature;
    other[63] = other[63] == '0' ? '1' : '0';
    EXPECT_EQ(verdict(request_of(vector, other), vector.normalize), wrong) << vector.name;
    SignedRequest request = request_of(vector, vector.signature);
    request.method = "PUT";
    EXPECT_EQ(verdict(request, vector.normalize), wrong) << vector.name;
    request = request_of(vector, vector.signature);
    request.target += request.target.find('?') == std::string::npos ? "?x=1" : "&x=1";
    EXPECT_EQ(verdict(request, vector.normalize), wrong) << vector.name;
    request = request_of(vector, vector.signature);
    request.body += "x";
    EXPECT_NE(verdict(request, vector.normalize), "right") << vector.name;
    request = request_of(vector, vector.signature);
    for (auto& [name, value] : request.headers)
      if (name == "Host") value = "example.com";
    EXPECT_EQ(verdict(request, vector.normalize), wrong) << vector.name;
  }
}

TEST(AwsSigV4, CanonicalRequestAndStringToSignAreThoseOfTheSuite) {
  SignedRequest vanilla{"GET", "/", {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}}};
  std::string canonical = canonical_request(vanilla, {"host", "x-amz-date"});
  EXPECT_EQ(canonical,
            "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(string_to_sign("20150830T123600Z", "20150830/us-east-1/service/aws4_request", canonical),
            "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
            "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
}

TEST(AwsSigV4, WhatIsIncompleteUnknownOrOutOfTimeIsNamed) {
  const Vector& vanilla = *std::find_if(
      kSuite.begin(), kSuite.end(), [](const Vector& one) { return one.name == std::string("get-vanilla"); });
  SignedRequest right = request_of(vanilla, vanilla.signature);
  EXPECT_EQ(verdict(right, true, kAt + kSigV4SkewS), "right");
  EXPECT_EQ(verdict(right, true, kAt + kSigV4SkewS + 1),
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z");
  EXPECT_EQ(verdict(right, true, kAt - kSigV4SkewS - 1),
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z");
  auto with = [&](const std::string& authorization) {
    SignedRequest out = right;
    out.headers.back().second = authorization;
    return verdict(out);
  };
  EXPECT_EQ(with(""), "no Authorization");
  EXPECT_EQ(with("Bearer x"), "another algorithm");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=A/B"), "Credential is no scope");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 SignedHeaders=host"), "Credential, SignedHeaders or Signature is missing");
  std::string zeros(64, '0');
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=NOBODY/20150830/us-east-1/service/aws4_request, "
                 "SignedHeaders=host;x-amz-date, Signature=" +
                 zeros),
            "no such key");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                 "SignedHeaders=x-amz-date, Signature=" +
                 zeros),
            "host is not signed");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150831/us-east-1/service/aws4_request, "
                 "SignedHeaders=host;x-amz-date, Signature=" +
                 zeros),
            "x-amz-date is not the scope's");
}

}  // namespace
}  // namespace assay::farm
