// credentials: who we are to AWS: the chain of its SDKs (environment, shared files and profiles, web
// identity, container, instance by IMDSv2), assumed roles, and their renewal before they expire. Secrets are
// in no error.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "sources/http.h"

namespace assay::sources::aws {

struct Credentials {
  std::string key_id, secret, session_token;
  int64_t expires_s = 0;  // Unix time; 0: never
  std::string from;       // "environment", "profile NAME", "instance role NAME"..., for errors and logs
};

struct ChainOptions {
  std::string role;          // ARN to assume on top; empty: none
  std::string endpoint;      // of STS; empty: Amazon's
  std::string region;        // for STS
  std::string metadata_url;  // of the instance's metadata service; empty: $AWS_EC2_METADATA_SERVICE_ENDPOINT,
                             // else http://169.254.169.254
};

class CredentialChain {
 public:
  CredentialChain(ChainOptions options, int stop_fd = -1);
  CredentialChain(CredentialChain&&) noexcept;
  ~CredentialChain();

  /// Renewed when they expire within five minutes. Errc::denied says which places were looked at, and what
  /// each had to say.
  Result<Credentials> get(int64_t now_s);
  /// The next get() looks again: they were refused as expired.
  void forget();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// $AWS_REGION, $AWS_DEFAULT_REGION, the profile's, the instance's; Errc::invalid where none says.
Result<std::string> default_region(int stop_fd = -1);

}  // namespace assay::sources::aws
