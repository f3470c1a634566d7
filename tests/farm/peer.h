// peer: one connection to the scheduler that says what a test wants said, right or wrong.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "common/loop.h"
#include "common/wire.h"

namespace assay::farm {

class Peer {
 public:
  explicit Peer(Result<Socket> socket) {
    EXPECT_TRUE(socket) << socket.error().what;
    if (socket) socket_.emplace(std::move(*socket));
  }
  void say(const std::string& frame) { (void)socket_->send(frame); }
  void say(const wire::Message& message) { say(wire::encode(message)); }
  /// The next message of type M, or nothing within `time`.
  template <class M>
  std::optional<M> hear(std::chrono::steady_clock::duration time = std::chrono::seconds(5)) {
    for (auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
      auto frames = socket_->receive();
      if (!frames || !*frames) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        continue;
      }
      auto message = wire::decode((*frames)->back());
      if (message && std::holds_alternative<M>(*message)) return std::get<M>(*message);
    }
    return std::nullopt;
  }
  bool welcomed(const std::string& name, std::chrono::steady_clock::duration time = std::chrono::seconds(5)) {
    wire::Hello hello;
    hello.agent_id = name;
    hello.instance = "one";
    hello.tracer_version = "x";
    hello.capacity = {1, 1000, uint64_t{4} << 30};
    say(hello);
    return hear<wire::Welcome>(time).has_value();
  }

 private:
  std::optional<Socket> socket_;
};

}  // namespace assay::farm
