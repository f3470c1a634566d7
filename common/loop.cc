// libzmq through cppzmq: exceptions end here.
#include "common/loop.h"

#include <algorithm>
#include <cerrno>
#include <zmq.hpp>

#include "common/wire.h"

namespace assay {
namespace {

// Runs `f`; what it throws becomes an Error that begins with `what`.
template <class F>
Status guarded(const std::string& what, F&& f) {
  try {
    f();
    return Status();
  } catch (const zmq::error_t& e) {
    return Error{Errc::io, what + ": " + e.what()};
  }
}

// CURVE is not there yet, so nothing leaves this host.
Status check_endpoint(const std::string& endpoint) {
  if (endpoint.starts_with("ipc://") || endpoint.starts_with("inproc://")) return Status();
  return Error{Errc::unsupported, "endpoint '" + endpoint + "' is not encrypted: use ipc://PATH"};
}

}  // namespace

struct Context::State {
  zmq::context_t zmq{1};
};
Context::Context() : state_(std::make_unique<State>()) {}
Context::Context(Context&&) noexcept = default;
Context::~Context() = default;
void* Context::get() const { return &state_->zmq; }

struct Socket::State {
  zmq::socket_t zmq;
};
Socket::Socket(std::unique_ptr<State> state) : state_(std::move(state)) {}
Socket::Socket(Socket&&) noexcept = default;
Socket& Socket::operator=(Socket&&) noexcept = default;
Socket::~Socket() = default;
void* Socket::get() const { return state_->zmq.handle(); }

Result<Socket> Socket::open(const Context& context, Type type, int frames_limit) {
  static constexpr zmq::socket_type kTypes[] = {zmq::socket_type::router, zmq::socket_type::dealer,
                                                zmq::socket_type::pair};
  auto state = std::make_unique<State>();
  ASSAY_CHECK(guarded("zmq socket", [&] {
    state->zmq = zmq::socket_t(*static_cast<zmq::context_t*>(context.get()), kTypes[static_cast<int>(type)]);
    state->zmq.set(zmq::sockopt::linger, 1000);
    state->zmq.set(zmq::sockopt::sndhwm, frames_limit);
    state->zmq.set(zmq::sockopt::rcvhwm, frames_limit);
    state->zmq.set(zmq::sockopt::maxmsgsize, static_cast<int64_t>(wire::kMaxFrameBytes));
    if (type == Type::router) state->zmq.set(zmq::sockopt::router_mandatory, true);
  }));
  return Socket(std::move(state));
}

Status Socket::bind(const std::string& endpoint) {
  ASSAY_CHECK(check_endpoint(endpoint));
  return guarded("bind " + endpoint, [&] { state_->zmq.bind(endpoint); });
}

Status Socket::connect(const std::string& endpoint) {
  ASSAY_CHECK(check_endpoint(endpoint));
  return guarded("connect " + endpoint, [&] { state_->zmq.connect(endpoint); });
}

Status Socket::send_frames(const std::vector<std::string_view>& frames) {
  assert(!frames.empty());
  bool full = false;
  try {
    for (size_t i = 0; i < frames.size() && !full; ++i) {
      auto flags = zmq::send_flags::dontwait;
      if (i + 1 < frames.size()) flags = flags | zmq::send_flags::sndmore;
      full = !state_->zmq.send(zmq::buffer(frames[i]),
                               flags);  // only the first frame of a message can meet a full queue
    }
  } catch (const zmq::error_t& e) {
    if (e.num() == EHOSTUNREACH) return Error{Errc::not_found, "peer is gone"};
    return Error{Errc::io, std::string("zmq send: ") + e.what()};
  }
  if (full) return Error{Errc::limit, "peer's queue is full"};
  return Status();
}

Result<std::optional<std::vector<std::string>>> Socket::receive() {
  std::vector<std::string> frames;
  try {
    zmq::message_t message;
    do {
      if (!state_->zmq.recv(message, frames.empty() ? zmq::recv_flags::dontwait : zmq::recv_flags::none))
        return std::optional<std::vector<std::string>>();
      frames.push_back(message.to_string());
    } while (message.more());
  } catch (const zmq::error_t& e) {
    return Error{Errc::io, std::string("zmq receive: ") + e.what()};
  }
  return std::optional(std::move(frames));
}

Status wait(std::vector<WaitFor>& items, std::chrono::milliseconds timeout) {
  std::vector<zmq::pollitem_t> polls;
  for (auto& item : items) {
    item.ready = false;
    if (item.socket == nullptr && item.fd < 0) continue;
    polls.push_back({item.socket ? item.socket->get() : nullptr, item.fd, ZMQ_POLLIN, 0});
  }
  try {
    zmq::poll(polls, timeout.count() < 0 ? std::chrono::milliseconds(-1) : timeout);
  } catch (const zmq::error_t& e) {
    if (e.num() == EINTR) return Status();
    return Error{Errc::io, std::string("zmq poll: ") + e.what()};
  }
  size_t next = 0;
  for (auto& item : items) {
    if (item.socket == nullptr && item.fd < 0) continue;
    item.ready = polls[next++].revents != 0;
  }
  return Status();
}

}  // namespace assay
