// libzmq's monitor events (zmq_socket_monitor(3)), version 1: an event's number and value in one frame, the
// endpoint in the next.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>

#include "common/loop.h"
#include "common/loop_state.h"

namespace assay {
namespace {

// libzmq's thread blocks when so many wait: better that than memory without a bound.
constexpr int kEventsLimit = 10'000;

constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED | ZMQ_EVENT_CONNECT_RETRIED |
                        ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

std::string hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%#x", value);
  return text;
}

// The peer of a connection that may be closed by now, or even be another: good for a log line.
std::string peer_address(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  char text[INET6_ADDRSTRLEN] = "";
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "";
  if (address.ss_family == AF_INET) {
    const auto* in = reinterpret_cast<const sockaddr_in*>(&address);
    if (::inet_ntop(AF_INET, &in->sin_addr, text, sizeof text) == nullptr) return "";
    return std::string(text) + ":" + std::to_string(ntohs(in->sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&address);
    if (::inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text) == nullptr) return "";
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(in->sin6_port));
  }
  return "";
}

std::string protocol_reason(uint32_t error) {
  switch (error) {
    case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
      return "the peer does not use CURVE";
    case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
      return "cannot be decrypted: the peer has another public key of this server";
    case ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE:
      return "the peer does not prove its key";
    default:
      return "protocol error " + hex(error);
  }
}

std::string silent_reason(uint32_t error, SocketRole role) {
  if (role == SocketRole::client)
    return "the server closed the connection or said nothing: is this its public key?";
  return errno_error("not completed", static_cast<int>(error)).what;
}

std::string auth_reason(uint32_t status, SocketRole role) {
  std::string code = " (" + std::to_string(status) + ")";
  if (role == SocketRole::client) return "the server refuses this key" + code;
  return "refused the peer's key" + code;
}

}  // namespace

const char* to_string(ConnectionEvent::Kind kind) {
  switch (kind) {
    case ConnectionEvent::Kind::accepted:
      return "accepted";
    case ConnectionEvent::Kind::connected:
      return "connected";
    case ConnectionEvent::Kind::handshake_failed:
      return "handshake_failed";
    case ConnectionEvent::Kind::disconnected:
      return "disconnected";
    case ConnectionEvent::Kind::retrying:
      return "retrying";
    case ConnectionEvent::Kind::accept_failed:
      return "accept_failed";
  }
  return "unknown";
}

struct Monitor::State {
  State(Socket e, Socket::State* w) : events(std::move(e)), watched(w), role(w->role) {
    watched->watched_by = &watched;
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (watched != nullptr) watched->end_watch();
  }

  Socket events;
  Socket::State* watched;  // null once it is gone
  SocketRole role;
  std::map<uint32_t, std::string> peers;  // accepted connections by descriptor
  std::optional<ConnectionEvent> failed;  // until the disconnect that belongs to it says whose it was

  std::optional<ConnectionEvent> translate(uint16_t event, uint32_t value, std::string endpoint);
  std::optional<ConnectionEvent> hold(std::string endpoint, std::string reason);
};

// The events of one connection come from one thread, so the disconnect comes right after what caused it.
std::optional<ConnectionEvent> Monitor::State::hold(std::string endpoint, std::string reason) {
  auto before = std::exchange(failed, ConnectionEvent{ConnectionEvent::Kind::handshake_failed,
                                                      std::move(endpoint), std::move(reason)});
  return before;
}

std::optional<ConnectionEvent> Monitor::State::translate(uint16_t event, uint32_t value,
                                                         std::string endpoint) {
  using Kind = ConnectionEvent::Kind;
  // On the side that binds, `endpoint` is our own.
  std::string peer = role == SocketRole::server ? "" : std::move(endpoint);
  switch (event) {
    case ZMQ_EVENT_ACCEPTED:
      peer = peer_address(static_cast<int>(value));
      peers[value] = peer;
      return ConnectionEvent{Kind::accepted, peer, ""};
    case ZMQ_EVENT_ACCEPT_FAILED:
      return ConnectionEvent{Kind::accept_failed, "", errno_error("accept", static_cast<int>(value)).what};
    case ZMQ_EVENT_CONNECT_RETRIED:
      return ConnectionEvent{Kind::retrying, peer, ""};
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return ConnectionEvent{Kind::connected, peer, ""};
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      return hold(std::move(peer), protocol_reason(value));
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      return hold(std::move(peer), silent_reason(value, role));
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      // A server tells its client first, and the client disconnects.
      if (role == SocketRole::client) return hold(std::move(peer), auth_reason(value, role));
      return ConnectionEvent{Kind::handshake_failed, "", auth_reason(value, role)};
    case ZMQ_EVENT_DISCONNECTED: {
      if (auto known = peers.find(value); known != peers.end()) {
        peer = std::move(known->second);
        peers.erase(known);
      }
      ConnectionEvent out{Kind::disconnected, "", ""};
      if (failed) out = *std::exchange(failed, std::nullopt);
      out.peer = std::move(peer);
      return out;
    }
    default:
      return std::nullopt;
  }
}

Monitor::Monitor(std::unique_ptr<State> state) : state_(std::move(state)) {}
Monitor::Monitor(Monitor&&) noexcept = default;
Monitor& Monitor::operator=(Monitor&&) noexcept = default;
Monitor::~Monitor() = default;
const Socket& Monitor::socket() const { return state_->events; }

Result<Monitor> Monitor::open(const Context& context, Socket& watched) {
  assert(watched.state_->watched_by == nullptr);
  ASSAY_TRY(Socket events, Socket::open(context, Socket::Type::pair, kEventsLimit));
  auto state = std::make_unique<State>(std::move(events), watched.state_.get());
  // A closed socket keeps its monitor's name for a while, and another may get its handle.
  char endpoint[80];
  std::snprintf(endpoint, sizeof endpoint, "inproc://assay.monitor.%p.%lld", watched.get(),
                static_cast<long long>(std::chrono::steady_clock::now().time_since_epoch().count()));
  if (zmq_socket_monitor(watched.get(), endpoint, kEvents) != 0) return errno_error("monitor a socket");
  ASSAY_CHECK(state->events.connect(endpoint));
  return Monitor(std::move(state));
}

Result<std::optional<ConnectionEvent>> Monitor::take() {
  for (;;) {
    ASSAY_TRY(auto frames, state_->events.receive());
    if (!frames) return std::optional<ConnectionEvent>();
    uint16_t event = 0;
    uint32_t value = 0;
    if (frames->size() != 2 || (*frames)[0].size() != sizeof event + sizeof value) continue;
    std::memcpy(&event, (*frames)[0].data(), sizeof event);
    std::memcpy(&value, (*frames)[0].data() + sizeof event, sizeof value);
    if (auto translated = state_->translate(event, value, std::move((*frames)[1])))
      return std::optional(std::move(translated));
  }
}

}  // namespace assay
