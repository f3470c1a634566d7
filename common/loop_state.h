// What a Socket is made of. Internal to loop.cc and loop_monitor.cc.
#pragma once

#include <string>
#include <zmq.hpp>

#include "common/loop.h"

namespace assay {

enum class SocketRole { plaintext, server, client };

struct Socket::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (watched_by != nullptr) *watched_by = nullptr;
  }

  zmq::socket_t zmq;
  SocketRole role = SocketRole::plaintext;
  std::string connected_to;      // the last connect()
  State** watched_by = nullptr;  // by which a Monitor knows this one
};

/// The metadata of a connection in which zap puts the peer's key, besides libzmq's own "User-Id".
inline constexpr const char* kKeyProperty = "X-Assay-Key";

}  // namespace assay
