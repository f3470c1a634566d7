// A scheduler of few words, played by a test.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>

#include "common/loop.h"
#include "common/wire.h"

namespace assay::test {

class FakeScheduler {
 public:
  FakeScheduler(const Context& context, const std::string& endpoint) {
    auto socket = Socket::open(context, Socket::Type::router);
    EXPECT_TRUE(socket);
    router_.emplace(std::move(*socket));
    auto bound = router_->bind(endpoint);
    EXPECT_TRUE(bound) << bound.error().what;
  }
  Socket& socket() { return *router_; }

  void say(const wire::Message& message) { say_frame(wire::encode(message)); }
  void say_frame(std::string_view frame) {
    ASSERT_FALSE(peer_.empty());
    ASSERT_TRUE(router_->send_frames({peer_, frame}));
  }
  /// The next message of this type, of which `accept` is true; others are passed over. Nothing in 20 seconds.
  template <class M>
  std::optional<M> expect(const std::function<bool(const M&)>& accept = [](const M&) { return true; }) {
    auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      std::vector<WaitFor> items{*router_};
      if (!wait(items, std::chrono::milliseconds(200))) return std::nullopt;
      auto frames = router_->receive();
      if (!frames || !*frames) continue;
      peer_ = (**frames)[0];
      auto message = wire::decode((**frames)[1]);
      if (!message) continue;
      if (auto* wanted = std::get_if<M>(&*message); wanted && accept(*wanted)) return std::move(*wanted);
    }
    ADD_FAILURE() << "no such message";
    return std::nullopt;
  }
  wire::Hello welcome() {
    auto hello = expect<wire::Hello>();
    say(wire::Welcome{});
    return hello ? *hello : wire::Hello{};
  }

 private:
  std::optional<Socket> router_;
  std::string peer_;
};

}  // namespace assay::test
