// libzmq through cppzmq: exceptions end here. Monitors are in loop_monitor.cc.
#include "common/loop.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <zmq.hpp>

#include "common/loop_state.h"
#include "common/wire.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

// The frame on the wire is a little larger than ours (CURVE), and one that is somewhat too large is to be
// refused with a reason, which only the reader of the message can give.
constexpr int64_t kHardFrameLimit = wire::kMaxFrameBytes + wire::kMaxFrameBytes / 4;

constexpr milliseconds kLinger{1000};
constexpr milliseconds kHandshakeLimit{10'000};
constexpr milliseconds kHeartbeat{5000};
constexpr milliseconds kSilenceLimit{20'000};
constexpr milliseconds kFirstReconnect{100};
constexpr milliseconds kLastReconnect{5000};
constexpr int kBacklog = 4096;  // all agents come at once when a scheduler has started again

// ZMQ_ZAP_ENFORCE_DOMAIN: libzmq has it since 4.3.0, its header only for builds with drafts.
constexpr zmq::sockopt::integral_option<93, int, true> kZapEnforceDomain;

int ms(milliseconds value) { return static_cast<int>(value.count()); }

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

bool over_tcp(const std::string& endpoint) { return endpoint.starts_with("tcp://"); }

// An ipc socket's, as in /run, which is empty after a boot; closed to other users.
Status make_socket_directory(const std::string& endpoint) {
  constexpr std::string_view kIpc = "ipc:///";
  if (!endpoint.starts_with(kIpc)) return Status();
  std::string dir = endpoint.substr(kIpc.size() - 1, endpoint.rfind('/') - kIpc.size() + 1);
  if (dir.empty() || ::mkdir(dir.c_str(), 0700) == 0 || errno == EEXIST) return Status();
  return errno_error("make " + dir + " for the socket " + endpoint);
}

// What leaves this host is encrypted.
Status check_endpoint(const std::string& endpoint, SocketRole role) {
  if (endpoint.starts_with("ipc://") || endpoint.starts_with("inproc://")) return Status();
  if (!over_tcp(endpoint))
    return Error{Errc::unsupported, "endpoint '" + endpoint + "' is none of tcp://HOST:PORT, ipc://PATH"};
  if (role != SocketRole::plaintext) return Status();
  return Error{Errc::unsupported,
               "endpoint '" + endpoint + "' is not encrypted: give it keys (assay keys), or use ipc://PATH"};
}

// Before bind or connect. A dead link is noticed by heartbeats; one that never says anything by the limit of
// the handshake.
void set_tcp_options(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::handshake_ivl, ms(kHandshakeLimit));
  socket.set(zmq::sockopt::heartbeat_ivl, ms(kHeartbeat));
  socket.set(zmq::sockopt::heartbeat_timeout, ms(kSilenceLimit));
  socket.set(zmq::sockopt::heartbeat_ttl, ms(kSilenceLimit));
  socket.set(zmq::sockopt::reconnect_ivl, ms(kFirstReconnect));
  socket.set(zmq::sockopt::reconnect_ivl_max, ms(kLastReconnect));
  socket.set(zmq::sockopt::tcp_keepalive, 1);
  socket.set(zmq::sockopt::backlog, kBacklog);
}

std::string property(zmq::message_t& message, const char* name) {
  const char* value = zmq_msg_gets(message.handle(), name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace

struct Context::State {
  State(int sockets, int io_threads) : zmq(io_threads, sockets) {}
  zmq::context_t zmq;
};
Context::Context(int sockets, int io_threads) : state_(std::make_unique<State>(sockets, io_threads)) {}
Context::Context(Context&&) noexcept = default;
Context::~Context() = default;
void* Context::get() const { return &state_->zmq; }

Socket::Socket(std::unique_ptr<State> state) : state_(std::move(state)) {}
Socket::Socket(Socket&&) noexcept = default;
Socket& Socket::operator=(Socket&&) noexcept = default;
Socket::~Socket() = default;
void* Socket::get() const { return state_->zmq.handle(); }

Result<Socket> Socket::open(const Context& context, Type type, int frames_limit) {
  static constexpr zmq::socket_type kTypes[] = {zmq::socket_type::router, zmq::socket_type::dealer,
                                                zmq::socket_type::pair, zmq::socket_type::rep};
  auto state = std::make_unique<State>();
  ASSAY_CHECK(guarded("zmq socket", [&] {
    state->zmq = zmq::socket_t(*static_cast<zmq::context_t*>(context.get()), kTypes[static_cast<int>(type)]);
    state->zmq.set(zmq::sockopt::linger, ms(kLinger));
    state->zmq.set(zmq::sockopt::sndhwm, frames_limit);
    state->zmq.set(zmq::sockopt::rcvhwm, frames_limit);
    state->zmq.set(zmq::sockopt::maxmsgsize, kHardFrameLimit);
    if (type == Type::router) state->zmq.set(zmq::sockopt::router_mandatory, true);
  }));
  return Socket(std::move(state));
}

Status Socket::secure_as_server(const CurveKeys& own) {
  if (!is_curve_key(own.secret_key)) return Error{Errc::invalid, "the server's secret key is no CURVE key"};
  ASSAY_CHECK(guarded("secure the server's socket", [&] {
    state_->zmq.set(zmq::sockopt::curve_server, true);
    state_->zmq.set(zmq::sockopt::curve_secretkey, own.secret_key);
    // Without both of these libzmq lets any key in while no ZAP handler runs.
    state_->zmq.set(zmq::sockopt::zap_domain, "assay");
    state_->zmq.set(kZapEnforceDomain, true);
  }));
  state_->role = SocketRole::server;
  return Status();
}

Status Socket::secure_as_client(const CurveKeys& own, const std::string& server_public_key) {
  if (!is_curve_key(own.public_key) || !is_curve_key(own.secret_key))
    return Error{Errc::invalid, "the client's own keys are no CURVE keys"};
  if (!is_curve_key(server_public_key))
    return Error{Errc::invalid, "the server's public key is no CURVE key"};
  ASSAY_CHECK(guarded("secure the client's socket", [&] {
    state_->zmq.set(zmq::sockopt::curve_serverkey, server_public_key);
    state_->zmq.set(zmq::sockopt::curve_publickey, own.public_key);
    state_->zmq.set(zmq::sockopt::curve_secretkey, own.secret_key);
  }));
  state_->role = SocketRole::client;
  return Status();
}

Status Socket::bind(const std::string& endpoint) {
  ASSAY_CHECK(check_endpoint(endpoint, state_->role));
  ASSAY_CHECK(make_socket_directory(endpoint));
  return guarded("bind " + endpoint, [&] {
    if (over_tcp(endpoint)) set_tcp_options(state_->zmq);
    state_->zmq.bind(endpoint);
  });
}

Status Socket::connect(const std::string& endpoint) {
  ASSAY_CHECK(check_endpoint(endpoint, state_->role));
  ASSAY_CHECK(guarded("connect " + endpoint, [&] {
    if (over_tcp(endpoint)) set_tcp_options(state_->zmq);
    state_->zmq.connect(endpoint);
  }));
  state_->connected_to = endpoint;
  return Status();
}

Status Socket::disconnect() {
  if (state_->connected_to.empty()) return Status();
  try {
    state_->zmq.disconnect(state_->connected_to);
  } catch (const zmq::error_t& e) {
    // ENOENT: it is disconnected already.
    if (e.num() != ENOENT) return Error{Errc::io, "disconnect " + state_->connected_to + ": " + e.what()};
  }
  return Status();
}

Status Socket::connect_again() {
  ASSAY_CHECK(disconnect());
  return connect(std::string(state_->connected_to));
}

std::string Socket::bound_endpoint() const { return state_->zmq.get(zmq::sockopt::last_endpoint); }

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

Result<std::optional<Received>> Socket::receive_from() {
  Received received;
  try {
    zmq::message_t message;
    bool first = true;
    do {
      if (!state_->zmq.recv(message, first ? zmq::recv_flags::dontwait : zmq::recv_flags::none))
        return std::optional<Received>();
      first = false;
      if (received.frames.size() < kMaxFrames)
        received.frames.push_back(message.to_string());
      else
        received.too_many_frames = true;
    } while (message.more());
    // A peer may claim any property for itself; on a secured socket ours go before.
    if (state_->role == SocketRole::server) {
      received.user = property(message, "User-Id");
      received.key = property(message, kKeyProperty);
    }
  } catch (const zmq::error_t& e) {
    return Error{Errc::io, std::string("zmq receive: ") + e.what()};
  }
  return std::optional(std::move(received));
}

Result<std::optional<std::vector<std::string>>> Socket::receive() {
  ASSAY_TRY(auto received, receive_from());
  if (!received) return std::optional<std::vector<std::string>>();
  return std::optional(std::move(received->frames));
}

Result<CurveKeys> make_curve_keys() {
  // About every third will do.
  for (int i = 0; i < 1000; ++i) {
    char public_key[41], secret_key[41];
    if (zmq_curve_keypair(public_key, secret_key) != 0) return errno_error("make a pair of CURVE keys");
    CurveKeys keys{public_key, secret_key};
    if (keys.public_key.find('#') == std::string::npos && keys.public_key[0] != '-') return keys;
  }
  return Error{Errc::io, "make a pair of CURVE keys: no random numbers"};
}

Result<std::string> curve_public_key(const std::string& secret_key) {
  if (!is_curve_key(secret_key)) return Error{Errc::invalid, "this is no secret CURVE key"};
  char public_key[41];
  if (zmq_curve_public(public_key, secret_key.c_str()) != 0) return errno_error("compute a public key");
  return std::string(public_key);
}

Status wait(std::vector<WaitFor>& items, milliseconds timeout) {
  std::vector<zmq::pollitem_t> polls;
  for (auto& item : items) {
    item.ready = false;
    if (item.socket == nullptr && item.fd < 0) continue;
    polls.push_back({item.socket ? item.socket->get() : nullptr, item.fd, ZMQ_POLLIN, 0});
  }
  try {
    zmq::poll(polls, timeout.count() < 0 ? milliseconds(-1) : timeout);
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
