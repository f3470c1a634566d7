// aws_sqs: one queue for the test endpoint: long polling, messages that come again until they are deleted. In
// JSON, as we ask, and in the query protocol, as Debian's awscli does.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "tests/farm/aws_server.h"

namespace assay::farm {

class AwsQueue {
 public:
  /// What was handed out and not deleted comes again after `visibility`.
  AwsQueue(AwsServer& server, std::string name,
           std::chrono::milliseconds visibility = std::chrono::seconds(30));
  ~AwsQueue();

  std::string url() const;  // "http://127.0.0.1:PORT/123456789012/NAME"
  void send(const std::string& body);
  size_t size() const;  // neither deleted yet

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace assay::farm
