// connection: the agent's socket to the scheduler: encrypted where there are keys, watched, and connected
// again where libzmq gives up. What is said over it is the session's.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/agent.h"
#include "common/loop.h"

namespace assay {

class Connection {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Change { none, up, down };

  /// Errors: invalid (endpoint or a key), unsupported (no keys for an endpoint that needs them).
  static Result<Connection> open(const Context& context, const AgentConfig& config);

  Socket& socket() { return socket_; }
  /// To be waited for beside the socket; null: this kind of connection (inproc) cannot be watched.
  const Socket* watched() const { return monitor_ ? &monitor_->socket() : nullptr; }
  /// The next change, if there is one; tries again when that is due.
  Result<Change> next(Time now);
  Time wake() const { return again_.value_or(Time::max()); }

 private:
  Connection(Socket socket, std::optional<Monitor> monitor, const AgentConfig& config)
      : monitor_(std::move(monitor)),
        socket_(std::move(socket)),
        endpoint_(config.endpoint),
        agent_id_(config.agent_id),
        public_key_(config.keys ? config.keys->public_key : "") {}
  void log_failure(const std::string& reason);

  std::optional<Monitor> monitor_;
  Socket socket_;
  std::string endpoint_, agent_id_, public_key_;
  std::string told_;           // the last failure that was logged: each is once
  std::optional<Time> again_;  // when to connect again
};

}  // namespace assay
