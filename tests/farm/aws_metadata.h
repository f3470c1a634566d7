// aws_metadata: an instance's metadata service (IMDSv2 only) and a container agent's, on the loopback.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/result.h"

namespace assay::farm {

/// What it says now; may be changed between requests by set().
struct AwsMetadata {
  std::string role = "farm";  // of the instance; empty: it has none
  std::string region = "eu-west-1";
  std::string credentials{};    // the JSON of both services
  std::string authorization{};  // what a container has to bring along
  bool tokens = true;           // false: version 1 only, no tokens are given
  int status = 200;             // of every answer
};

class AwsMetadataServer {
 public:
  static Result<AwsMetadataServer> start(AwsMetadata what);
  AwsMetadataServer(AwsMetadataServer&&) noexcept;
  ~AwsMetadataServer();

  std::string url() const;            // of the instance's
  std::string container_url() const;  // "http://127.0.0.1:PORT/container"
  void set(AwsMetadata what);
  int asked() const;          // how often credentials were given
  int without_token() const;  // requests as in version 1

 private:
  struct State;
  explicit AwsMetadataServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// {"Code": "Success", "AccessKeyId"...}; `expires`: "2026-11-30T06:00:00Z", or empty.
std::string metadata_credentials(const std::string& id, const std::string& secret, const std::string& token,
                                 const std::string& expires);

}  // namespace assay::farm
