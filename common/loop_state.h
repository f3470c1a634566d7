// What a Socket is made of. Internal to loop.cc and loop_monitor.cc.
#pragma once

#include <string>
#include <utility>
#include <zmq.hpp>

#include "common/loop.h"

namespace assay {

enum class SocketRole { plaintext, server, client };

struct Socket::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { end_watch(); }
  // While it is watched libzmq's thread waits, for ever, for somebody to take the events. Also of a socket
  // that is closed, since libzmq goes on closing it for a while.
  void end_watch() {
    if (watched_by == nullptr) return;
    zmq_socket_monitor(zmq.handle(), nullptr, 0);
    *std::exchange(watched_by, nullptr) = nullptr;
  }

  zmq::socket_t zmq;
  SocketRole role = SocketRole::plaintext;
  std::string connected_to;      // the last connect()
  State** watched_by = nullptr;  // by which a Monitor knows this one
};

/// The metadata of a connection in which zap puts the peer's key, besides libzmq's own "User-Id".
inline constexpr const char* kKeyProperty = "X-Assay-Key";

}  // namespace assay
