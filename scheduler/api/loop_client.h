// loop_client: one HTTP request's line to the scheduler's loop: a socket of its own, so that an answer that
// comes too late meets nobody.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/loop.h"
#include "common/wire.h"

namespace assay::api {

class LoopClient {
 public:
  /// `endpoint`: the clients' ("inproc://NAME"). `stop_fd`: readable when no answer is to be waited for any
  /// more.
  static Result<LoopClient> open(const Context& context, const std::string& endpoint, int stop_fd);

  Status send(const wire::Message& message);
  /// The next message. Errc::timeout when none came, Errc::unreachable when it was told to stop.
  Result<wire::Message> receive(std::chrono::milliseconds timeout);
  /// What has come already, or nothing: for who waits on socket() himself.
  Result<std::optional<wire::Message>> poll();
  const Socket& socket() const { return socket_; }

  /// A question (scheduler/ask.h), answered.
  Result<wire::Answer> ask(std::string_view op, const std::string& body, std::chrono::milliseconds timeout);
  /// At most wire::kMaxSubmissions, that fit a frame. What refuses them is the error.
  Result<std::vector<std::string>> submit(std::vector<Submission> submissions,
                                          std::chrono::milliseconds timeout);
  /// The same, told with which of them had been submitted before (Submission::once).
  Result<wire::Accepted> submit_once(std::vector<Submission> submissions, std::chrono::milliseconds timeout);

 private:
  LoopClient(Socket socket, int stop_fd) : socket_(std::move(socket)), stop_fd_(stop_fd) {}
  Socket socket_;
  int stop_fd_;
};

/// Bytes that it takes in a frame, or somewhat more.
size_t frame_bytes(const Submission& submission);

}  // namespace assay::api
