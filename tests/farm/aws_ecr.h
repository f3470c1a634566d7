// aws_ecr: ECR for the test endpoint: repositories and images of accounts and regions, page by page, and
// tokens.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/farm/aws_server.h"

namespace assay::farm {

struct EcrTestImage {
  std::string digest, media_type = "application/vnd.oci.image.manifest.v1+json";
  std::vector<std::string> tags{};
  int64_t pushed_s = 0;
  uint64_t size_bytes = 0;
};

/// What an account has in a region: images by the repository's name.
using EcrTestRegistry = std::map<std::string, std::vector<EcrTestImage>>;

struct EcrTestWorld {
  std::map<std::pair<std::string, std::string>, EcrTestRegistry> registries{};  // by account and region
  std::string host{};                  // of repositories' URIs; empty: ACCOUNT.dkr.ecr.REGION.amazonaws.com
  std::string password = "ecr-token";  // what tokens are good for: AWS:PASSWORD
  int64_t token_lasts_s = 12 * 3600;
  size_t most_per_page = 100;  // whatever the client asks for
};

/// DescribeRepositories, ListImages, DescribeImages, GetAuthorizationToken; asked by whoever's key is taken,
/// of that key's account.
void serve_ecr(AwsServer& server, EcrTestWorld world);

}  // namespace assay::farm
