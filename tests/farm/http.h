// http: as little of an HTTP/1.1 client as tests and benchmarks of the scheduler's API need: one request at a
// time over one kept connection on the loopback, non-blocking, so that whoever drives agents can submit
// between two sweeps. No TLS, no redirects.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "common/fd.h"
#include "common/result.h"

namespace assay::farm {

struct Response {
  int status = 0;
  std::string body;
};

class Http {
 public:
  /// Where its sockets come from, when they are not this process's own: another network namespace.
  using MakeSocket = std::function<Result<Fd>()>;
  Http(uint16_t port, std::string token, std::string host = "127.0.0.1", MakeSocket make = nullptr)
      : host_(std::move(host)), port_(port), token_(std::move(token)), make_(std::move(make)) {}

  /// Sends the request (connecting first where needed); its answer comes from poll(). Errors: unreachable.
  Status begin(const std::string& method, const std::string& target, const std::string& body = "");
  /// The answer once it is whole; nothing before; an error when the connection ended. Never blocks.
  Result<std::optional<Response>> poll();
  /// Bytes of an endless answer (server-sent events) as they have come; never blocks.
  Result<std::string> drain();
  bool waiting() const { return waiting_; }
  int fd() const { return fd_.get(); }

  /// begin() and poll() until the answer is there.
  Result<Response> call(const std::string& method, const std::string& target, const std::string& body = "",
                        std::chrono::milliseconds timeout = std::chrono::seconds(30));

 private:
  Status connect();
  bool ended_by_peer() const;
  Status flush();
  Status receive();
  bool whole();

  std::string host_;
  uint16_t port_;
  std::string token_;
  MakeSocket make_;
  Fd fd_;
  std::string out_, in_, body_;
  size_t body_at_ = 0;  // where the body begins in in_; 0: the head is not whole yet
  size_t length_ = 0;
  bool chunked_ = false, waiting_ = false, closed_ = false;
  bool last_ = false;  // the server ends the connection after this answer
  int code_ = 0;
};

/// A port of the loopback that nobody listens on now.
Result<uint16_t> free_port();

}  // namespace assay::farm
