// What tests of the credential chain share: an endpoint that knows one key, and services that give others.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "sources/aws/credentials.h"
#include "tests/farm/aws_metadata.h"
#include "tests/farm/aws_sts.h"
#include "tests/unit/sources/aws_support.h"

namespace assay::sources::aws {

inline const std::string kRole = "arn:aws:iam::210987654321:role/Reader",
                         kInner = "arn:aws:iam::210987654321:role/Inner";

inline std::string show(const Result<Credentials>& found) {
  if (!found) return std::string(to_string(found.error().code)) + ": " + found.error().what;
  return found->key_id + " " + found->secret + " " + found->session_token + " from " + found->from;
}

class AwsChain : public testing::Test {
 protected:
  std::string get(ChainOptions options = {}) {
    return show(CredentialChain(std::move(options)).get(now_s()));
  }
  ChainOptions role(const std::string& arn) { return {arn, server_.url(), "eu-west-1", ""}; }

  farm::AwsMetadataServer metadata(farm::AwsMetadata what) {
    auto out = farm::AwsMetadataServer::start(std::move(what));
    EXPECT_TRUE(out);
    environment_.unset("AWS_EC2_METADATA_DISABLED");
    environment_.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", out->url());
    return std::move(*out);
  }
  void keys() {
    environment_.set("AWS_ACCESS_KEY_ID", kKeyId);
    environment_.set("AWS_SECRET_ACCESS_KEY", kSecret);
  }

  CleanEnvironment environment_;
  farm::AwsServer server_ = start_server();
};

}  // namespace assay::sources::aws
