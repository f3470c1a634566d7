// call: one call of an AWS service, signed, tried again with growing, jittered delays while it is throttled
// or the service fails, and its errors in words. Services speak JSON (ECR, SQS) or the query protocol with
// XML (STS).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "common/result.h"
#include "sources/aws/credentials.h"
#include "sources/http.h"

namespace assay::sources::aws {

struct Service {
  std::string name;  // as signed: "ecr", "sqs", "sts"
  std::string region;
  std::string endpoint;  // "https://api.ecr.eu-west-1.amazonaws.com"; empty: Amazon's for name and region
  std::string target;    // X-Amz-Target before the dot: "AmazonEC2ContainerRegistry_V20150921"
  std::string json_version = "1.1";
};

struct Retries {
  int tries = 8;
  std::chrono::milliseconds first{200}, longest{20000};
  std::chrono::seconds whole{300};  // of one call with all its tries
};

class Client {
 public:
  /// `chain` is borrowed.
  Client(Service service, CredentialChain& chain, int stop_fd = -1, Retries retries = {});
  Client(Client&&) noexcept;
  ~Client();

  /// The answer's JSON object. An error's code and message are AWS's; its Errc: denied (credentials, rights),
  /// not_found, busy (throttled to the end), invalid, unreachable, timeout, io.
  Result<std::string> call(const std::string& operation, const std::string& json);
  uint64_t throttled() const;  // tries that were, ever

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::sources::aws
