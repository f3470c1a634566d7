// ecr: Amazon's registries by its own API (ECR API reference, 2015-09-21): repositories, images with the time
// of their push, tokens. One account in one region.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/result.h"
#include "sources/aws/call.h"
#include "sources/credentials.h"

namespace assay::sources::aws {

struct EcrRepository {
  std::string registry_id;  // the account
  std::string name, uri;    // "ACCOUNT.dkr.ecr.REGION.amazonaws.com/team/app"
  int64_t created_s = 0;
};

struct EcrImage {
  std::string digest, media_type;
  std::vector<std::string> tags;
  int64_t pushed_s = 0;
  uint64_t size_bytes = 0;
};

struct EcrToken {
  Login login;  // user AWS
  std::string proxy_endpoint;
  int64_t expires_s = 0;
};

class Ecr {
 public:
  Ecr(std::string region, std::string endpoint, CredentialChain& chain, int stop_fd = -1);

  Status each_repository(const std::function<bool(EcrRepository)>& visit);
  /// ListImages: digests and tags, page by page.
  Status each_image_id(const std::string& repository,
                       const std::function<bool(const std::string& digest, const std::string& tag)>& visit);
  /// DescribeImages: with times and sizes.
  Status each_image(const std::string& repository, const std::function<bool(EcrImage)>& visit);
  /// GetAuthorizationToken.
  Result<EcrToken> token();
  uint64_t throttled() const { return client_.throttled(); }

 private:
  Client client_;
};

/// Region and account of "123456789012.dkr.ecr.eu-west-1.amazonaws.com" (and .amazonaws.com.cn,
/// dkr-ecr-fips), or nothing.
struct EcrHost {
  std::string account, region;
};
std::optional<EcrHost> ecr_host(std::string_view registry);

/// A registry's token, kept and renewed: at half of its time, and whenever it was refused.
class EcrLogin {
 public:
  EcrLogin(std::string region, std::string endpoint, std::string role, int stop_fd = -1);
  EcrLogin(EcrLogin&&) noexcept;
  ~EcrLogin();
  Result<Login> get(int64_t now_s);
  void forget();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::sources::aws
