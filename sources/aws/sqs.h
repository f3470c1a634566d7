// sqs: messages of a queue by Amazon's JSON protocol (SQS API reference, 2012-11-05): received by long
// polling, deleted once they are dealt with; what is not comes again.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/result.h"
#include "sources/aws/call.h"

namespace assay::sources::aws {

struct SqsMessage {
  std::string id, receipt, body;
  int receives = 1;  // how often it was handed out
};

class Sqs {
 public:
  /// `queue_url`: "https://sqs.REGION.amazonaws.com/ACCOUNT/NAME"; `endpoint` empty: the URL's own.
  Sqs(std::string queue_url, std::string region, std::string endpoint, CredentialChain& chain,
      int stop_fd = -1);
  /// At most ten; none after `wait` (at most 20 s).
  Result<std::vector<SqsMessage>> receive(std::chrono::seconds wait);
  Status remove(const std::string& receipt);

 private:
  std::string queue_url_;
  Client client_;
};

}  // namespace assay::sources::aws
