// What tests of ECR share: sources of an endpoint, what they list, and an environment with keys of the
// test's.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sources/source.h"
#include "tests/unit/sources/aws_support.h"

namespace assay::e2e {

using sources::Repository;
using sources::SourceSpec;

inline SourceSpec spec_of(const std::string& endpoint, std::vector<std::string> regions,
                          std::vector<std::string> roles = {}, const std::string& registry_host = "") {
  SourceSpec out;
  out.kind = SourceSpec::Kind::ecr;
  out.regions = std::move(regions);
  out.roles = std::move(roles);
  out.endpoint = endpoint;
  out.registry_host = registry_host;
  return out;
}

inline std::vector<std::unique_ptr<sources::Source>> opened(const SourceSpec& spec,
                                                            const std::filesystem::path& certs = {}) {
  sources::SourceOptions options;
  options.places.certs_dir = certs;
  auto out = sources::open_source(spec, options);
  EXPECT_TRUE(out) << out.error().what;
  return out ? std::move(*out) : std::vector<std::unique_ptr<sources::Source>>();
}

inline std::vector<Repository> all_of(sources::Source& source) {
  std::vector<Repository> out;
  Status done = source.each_repository([&](Repository one) {
    out.push_back(std::move(one));
    return true;
  });
  EXPECT_TRUE(done) << done.error().what;
  return out;
}

class EcrEnvironment : public testing::Test {
 protected:
  EcrEnvironment() {
    environment_.set("AWS_ACCESS_KEY_ID", sources::aws::kKeyId);
    environment_.set("AWS_SECRET_ACCESS_KEY", sources::aws::kSecret);
  }
  sources::aws::CleanEnvironment environment_;
};

}  // namespace assay::e2e
