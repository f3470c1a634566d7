// loop: ZeroMQ sockets and file descriptors, waited for together. The only file that wraps libzmq; its
// exceptions become Results here. One thread owns a socket; nothing blocks but wait(). What leaves this host
// is encrypted (CURVE, RFC 26) or refused; who may connect is decided in zap.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/keys.h"
#include "common/result.h"

namespace assay {

class Context {
 public:
  /// `sockets`: how many can be open at once, monitors included; libzmq's default.
  explicit Context(int sockets = 1023, int io_threads = 1);
  Context(Context&&) noexcept;
  ~Context();  // waits until every socket of it is closed
  void* get() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One message, with what is known of who sent it.
struct Received {
  std::vector<std::string> frames;  // at most kMaxFrames; the first is the peer's id on a router
  std::string user;                 // the name that our ZAP handler gave the peer's key; "" on plaintext
  std::string key;                  // that key itself; "" on plaintext
  bool too_many_frames = false;     // there were more, and they are dropped
};

class Socket {
 public:
  enum class Type { router, dealer, pair, reply };
  static constexpr size_t kMaxFrames = 8;
  /// `frames_limit` bounds the queue in each direction and of each peer (the high-water mark). A frame above
  /// wire::kMaxFrameBytes is received still, for wire::decode() to refuse with a reason; one above a quarter
  /// more than that closes the connection.
  static Result<Socket> open(const Context& context, Type type, int frames_limit = 1000);
  Socket(Socket&&) noexcept;
  Socket& operator=(Socket&&) noexcept;
  ~Socket();

  /// Before bind() and connect(): only peers with a key that the context's Zap allows may connect; nobody
  /// can while there is none. Errc::invalid for something that is no key.
  Status secure_as_server(const CurveKeys& own);
  /// Before connect(): only a server that holds the secret of `server_public_key` is talked to.
  Status secure_as_client(const CurveKeys& own, const std::string& server_public_key);

  /// "tcp://HOST:PORT" ("tcp://*:PORT" for all addresses) on a secured socket only; "ipc://PATH",
  /// "inproc://NAME". Everything but inproc is encrypted on a secured socket. Errors name the endpoint.
  Status bind(const std::string& endpoint);
  /// Comes back at once, and connects again (after 100 ms, over TCP growing to 5 s) as often as it must.
  /// After a handshake that failed libzmq either gives up for good or tries again without growing, as the
  /// case may be: on Monitor's handshake_failed disconnect(), and connect_again() some time later.
  Status connect(const std::string& endpoint);
  /// Ends the connection of the last connect(), or the attempts to make it; what waits to be sent is dropped.
  Status disconnect();
  /// disconnect(), and connect() to the same endpoint.
  Status connect_again();
  /// Where the last bind() ended, with the port that "tcp://HOST:*" was given.
  std::string bound_endpoint() const;

  /// Never blocks. Errc::limit when the peer's queue is full (or there is no peer any more), Errc::not_found
  /// when a router knows no such peer.
  Status send_frames(const std::vector<std::string_view>& frames);
  Status send(std::string_view frame) { return send_frames({frame}); }
  /// The next message, or nothing. Never blocks.
  Result<std::optional<Received>> receive_from();
  /// Its frames alone.
  Result<std::optional<std::vector<std::string>>> receive();

  void* get() const;

 private:
  friend class Monitor;
  struct State;
  explicit Socket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What became of a connection.
struct ConnectionEvent {
  enum class Kind {
    accepted,          // a server has a TCP connection: there is no handshake yet
    connected,         // the handshake is done, the keys are accepted
    handshake_failed,  // `reason` says why
    disconnected,      // it was closed by the peer, was silent for too long, brought a frame above the hard
                       // limit, or what came on an accepted one was not ZeroMQ's protocol (or too old):
                       // libzmq does not say which
    retrying,          // a client could not connect, and waits before it tries again
    accept_failed,     // a server could not take a connection; `reason`: too few descriptors, mostly
  };
  Kind kind = Kind::connected;
  /// A server's peer, "ADDRESS:PORT", as far as it can still be asked ("" then); where a client connects to.
  std::string peer;
  std::string reason;  // "the server refuses this key (400)", "the peer does not use CURVE"...
};
/// "connected", "handshake_failed"...
const char* to_string(ConnectionEvent::Kind kind);

/// Tells what becomes of a socket's connections. To be drained at every turn: when some ten thousand events
/// wait, libzmq's thread waits for us.
class Monitor {
 public:
  /// Of what `watched`, which is secured already if it is to be, binds or connects. One for a socket, on its
  /// thread; either may end first.
  static Result<Monitor> open(const Context& context, Socket& watched);
  Monitor(Monitor&&) noexcept;
  Monitor& operator=(Monitor&&) noexcept;
  ~Monitor();

  /// Readable when there are events.
  const Socket& socket() const;
  /// The next event, or nothing. Never blocks.
  Result<std::optional<ConnectionEvent>> take();

 private:
  struct State;
  explicit Monitor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A new pair of Curve25519 keys, out of libzmq. The public one has no '#' and no '-' in front, so that it
/// can stand in a config file and on a command line.
Result<CurveKeys> make_curve_keys();
/// The public key that belongs to a secret one. Errc::invalid when that is no key.
Result<std::string> curve_public_key(const std::string& secret_key);

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
