// aws_server: a small AWS endpoint of ours on the loopback, for every service at once: it checks the
// signature (sigv4), hands the call to the handler of its service and operation, and does wrong when told to.
// It speaks the JSON protocols (X-Amz-Target) and the query protocol (Action=...), and answers errors in the
// same.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"

namespace assay::farm {

struct AwsKey {
  std::string id, secret;
  std::string session_token{};  // has to come with the request; empty: must not
  std::string account = "123456789012";
  std::string arn{};  // of who it is; empty: a user of that account
};

/// A call whose signature was found right.
struct AwsAsk {
  std::string service, region;              // as signed; unsigned calls: "sts", ""
  std::string operation;                    // "DescribeRepositories"
  std::string body;                         // JSON, or a form
  std::map<std::string, std::string> form;  // decoded, where it is one
  bool query = false;                       // the query protocol: answer in XML
  AwsKey key;                               // who asks; unsigned: no id
  std::string host;                         // that was asked: "127.0.0.1:PORT"
};

struct AwsAnswer {
  std::string body;  // JSON; XML where the ask is of the query protocol
  int status = 200;
  std::string code{}, message{};  // an error instead: "RepositoryNotFoundException", and its words
};

inline AwsAnswer aws_error(std::string code, std::string message, int status = 400) {
  return {"", status, std::move(code), std::move(message)};
}

/// Runs on one of the server's threads; may be called by several at once.
using AwsHandler = std::function<AwsAnswer(const AwsAsk&)>;

/// What goes wrong, with the next `times` calls that match.
struct AwsFault {
  enum class Kind : uint8_t {
    throttle,     // 400 ThrottlingException
    too_many,     // 429 TooManyRequestsException
    fail,         // 500 ServerException
    unavailable,  // 503 and a page of HTML
    cut,          // the connection ends within the answer
    slow,         // the answer comes after `delay`
    expired,      // ExpiredTokenException
    skewed,       // RequestTimeTooSkewed
    garbage,      // 200 with something that is no JSON or XML
  };
  Kind kind = Kind::throttle;
  int times = 1;
  std::string operation{};                // empty: any
  std::chrono::milliseconds delay{1000};  // of slow
  std::optional<int> retry_after_s{};     // Retry-After of throttle, too_many, unavailable
};

class AwsServer {
 public:
  static Result<AwsServer> start(std::vector<AwsKey> keys);
  AwsServer(AwsServer&&) noexcept;
  ~AwsServer();

  /// "http://127.0.0.1:PORT"
  std::string url() const;
  /// `service` as signed: "ecr", "sts", "sqs".
  void handle(const std::string& service, const std::string& operation, AwsHandler handler);
  /// Calls without a signature, as AssumeRoleWithWebIdentity: elsewhere they are refused.
  void handle_unsigned(const std::string& operation, AwsHandler handler);
  void inject(AwsFault fault);
  void add_key(AwsKey key);
  /// From now on what is signed with it is refused as expired.
  void expire(const std::string& key_id);
  /// The server's clock is off by so much.
  void set_clock_offset(std::chrono::seconds offset);

  /// Calls of an operation that came in, however they were answered; and those that a handler answered.
  uint64_t came(const std::string& operation) const;
  uint64_t answered(const std::string& operation) const;

 private:
  struct State;
  explicit AwsServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::farm
