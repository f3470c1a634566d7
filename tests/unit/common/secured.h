// A scheduler's side of the wire and its agents, over TCP on the loopback device.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/fd.h"
#include "common/loop.h"
#include "common/zap.h"

namespace assay {

/// A ROUTER that answers each message with the sender's name and the message, and counts what happens to it.
class SecuredServer {
 public:
  explicit SecuredServer(const std::vector<AllowedKey>& list)
      : keys(*make_curve_keys()),
        zap(*Zap::start(context, list)),
        router(*Socket::open(context, Socket::Type::router)) {
    EXPECT_TRUE(router.secure_as_server(keys));
    monitor.emplace(*Monitor::open(context, router));
    EXPECT_TRUE(router.bind("tcp://127.0.0.1:*"));
    endpoint = router.bound_endpoint();
  }

  /// Serves until `done`, or for five seconds; whether it was done.
  bool serve_until(const std::function<bool()>& done) {
    auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::vector<WaitFor> items{router, zap.socket(), monitor->socket()};
      EXPECT_TRUE(wait(items, std::chrono::milliseconds(5)));
      turn();
    }
    return true;
  }

  uint16_t port() const {
    return static_cast<uint16_t>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1)));
  }
  size_t count(ConnectionEvent::Kind kind) const {
    size_t n = 0;
    for (const auto& event : events) n += event.kind == kind;
    return n;
  }
  const ConnectionEvent* find(ConnectionEvent::Kind kind) const {
    for (const auto& event : events)
      if (event.kind == kind) return &event;
    return nullptr;
  }

  Context context;
  CurveKeys keys;
  Zap zap;
  Socket router;
  std::optional<Monitor> monitor;
  std::string endpoint;
  std::vector<Received> received;
  std::vector<Refusal> refusals;
  std::vector<ConnectionEvent> events;

 private:
  void turn() {
    while (auto message = *router.receive_from()) {
      if (message->frames.size() == 2 && message->frames[1].size() < 1000) {
        EXPECT_TRUE(router.send_frames({message->frames[0], message->user + ": " + message->frames[1]}));
      }
      received.push_back(std::move(*message));
    }
    while (auto refusal = *zap.take_refusal()) refusals.push_back(std::move(*refusal));
    while (auto event = *monitor->take()) events.push_back(std::move(*event));
  }
};

/// A DEALER with a key, in the same process but a context of its own, as on another host.
class SecuredAgent {
 public:
  SecuredAgent(const SecuredServer& server, const CurveKeys& keys)
      : SecuredAgent(server.endpoint, keys, server.keys.public_key) {}
  SecuredAgent(const std::string& endpoint, const CurveKeys& keys, const std::string& server_key)
      : socket(*Socket::open(context, Socket::Type::dealer)) {
    EXPECT_TRUE(socket.secure_as_client(keys, server_key));
    monitor.emplace(*Monitor::open(context, socket));
    EXPECT_TRUE(socket.connect(endpoint));
  }

  /// What the server has answered by now.
  std::string answer() {
    auto frames = *socket.receive();
    return frames ? (*frames)[0] : "";
  }
  /// Whether this has happened by now; `last` is what has.
  bool saw(ConnectionEvent::Kind kind) {
    while (auto event = *monitor->take())
      if (event->kind == kind) {
        last = std::move(*event);
        return true;
      }
    return false;
  }

  Context context;
  Socket socket;
  std::optional<Monitor> monitor;
  ConnectionEvent last;
};

/// Whoever can reach the port, and speaks what he likes.
class Stranger {
 public:
  explicit Stranger(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval patience{5, 0};
    EXPECT_EQ(::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  /// As much of it as is taken.
  void say(std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  /// Whether the server has closed the connection, by now.
  bool is_cut() {
    char buffer[4096];
    for (;;) {
      ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (n == 0 || (n < 0 && errno != EAGAIN)) return true;
      if (n < 0) return false;
    }
  }
  /// ZMTP 3.1 (RFC 37): signature, version, mechanism, no server.
  static std::string greeting(std::string mechanism) {
    std::string out("\xff\0\0\0\0\0\0\0\1\x7f\3\1", 12);
    mechanism.resize(20, '\0');
    return out + mechanism + std::string(32, '\0');
  }

 private:
  Fd fd_;
};

}  // namespace assay
