// loop: ZeroMQ sockets and file descriptors, waited for together. The only file that wraps libzmq; its
// exceptions become Results here. One thread owns a socket; nothing blocks but wait().
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

class Context {
 public:
  Context();
  Context(Context&&) noexcept;
  ~Context();  // waits until every socket of it is closed
  void* get() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Socket {
 public:
  enum class Type { router, dealer, pair };
  /// `frames_limit` bounds the queue in each direction (the high-water mark); frames above
  /// wire::kMaxFrameBytes close the connection.
  static Result<Socket> open(const Context& context, Type type, int frames_limit = 1000);
  Socket(Socket&&) noexcept;
  Socket& operator=(Socket&&) noexcept;
  ~Socket();

  /// "ipc://PATH", "inproc://NAME". Errc::invalid names the endpoint. TCP is refused until it is encrypted.
  Status bind(const std::string& endpoint);
  Status connect(const std::string& endpoint);

  /// Never blocks. Errc::limit when the peer's queue is full, Errc::not_found when a router knows no such
  /// peer.
  Status send_frames(const std::vector<std::string_view>& frames);
  Status send(std::string_view frame) { return send_frames({frame}); }
  /// The next message, all frames of it, or nothing. Never blocks.
  Result<std::optional<std::vector<std::string>>> receive();

  void* get() const;

 private:
  struct State;
  explicit Socket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What to wait for: one of a socket (borrowed) or a descriptor.
struct WaitFor {
  const Socket* socket = nullptr;
  int fd = -1;
  bool ready = false;  // set by wait(); also for errors and hang-ups on a descriptor

  WaitFor(const Socket& s) : socket(&s) {}
  explicit WaitFor(int descriptor) : fd(descriptor) {}
};
/// Until one is ready or `timeout` has passed (negative: no limit). Items with fd -1 and no socket are
/// skipped. EINTR counts as a timeout.
Status wait(std::vector<WaitFor>& items, std::chrono::milliseconds timeout);

}  // namespace assay
