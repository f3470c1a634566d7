// http_socket: the connection of an HTTP client, with limits that hold: every read and write has a deadline
// of its own (a client that sends a byte now and then does not move it), and a budget of bytes. Knows nothing
// of HTTP's grammar; http_server feeds the parser from it. In the clear, or by TLS (tls_server).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "common/fd.h"
#include "common/tls_server.h"

namespace assay {

class HttpSocket {
 public:
  using Clock = std::chrono::steady_clock;

  /// `stop_fd` is borrowed: readable when the server stops.
  HttpSocket(Fd socket, int stop_fd) : socket_(std::move(socket)), stop_fd_(stop_fd) {}
  HttpSocket(const HttpSocket&) = delete;
  HttpSocket& operator=(const HttpSocket&) = delete;
  ~HttpSocket();  // says that nothing more comes, where TLS has a way to

  /// Carries out the handshake; from then on all goes by TLS. False: it failed, was not done in time, or the
  /// server stops.
  bool secure(TlsSession session, Clock::time_point deadline);
  /// After a handshake that failed: the client spoke HTTP in the clear.
  bool heard_plain_http() const { return plain_http_; }
  /// Past the TLS that was not agreed on.
  bool say_in_the_clear(std::string_view bytes, Clock::time_point deadline);
  /// See TlsSession::client_name().
  std::optional<std::string> client_name() const { return tls_ ? tls_->client_name() : std::nullopt; }

  /// Until there is something to read. False: nothing came in time, the client has gone, or the server stops.
  bool wait_readable(std::chrono::milliseconds timeout);
  /// What read() may take from now on, and until when.
  void allow(size_t bytes, Clock::time_point deadline);
  /// Whether a read() asked for more than was allowed.
  bool exceeded() const { return exceeded_; }

  /// At most `size` bytes; 0 at the end, -1 when the budget or the time is used up, or the server stops.
  ssize_t read(char* to, size_t size);
  /// All of it, by the deadline.
  bool write(std::string_view bytes, Clock::time_point deadline);
  /// Ends the connection so that the last answer arrives even where the client is still sending: what comes
  /// is thrown away for at most `patience`.
  void finish(std::chrono::milliseconds patience);

  bool stopping() const;
  int fd() const { return socket_.get(); }

 private:
  enum class Woke { ready, stop, timeout };
  Woke wait(short events, Clock::time_point deadline, bool heed_stop) const;
  ssize_t fill(Clock::time_point deadline);
  ssize_t fill_clear(Clock::time_point deadline, char* to, size_t size);
  ssize_t fill_tls(Clock::time_point deadline, char* to, size_t size);
  bool write_tls(std::string_view bytes, Clock::time_point deadline);

  Fd socket_;
  std::optional<TlsSession> tls_;  // once agreed on
  bool plain_http_ = false;
  int stop_fd_;
  std::array<char, 16384> buffer_;
  size_t begin_ = 0, end_ = 0;  // what of buffer_ is not yet read
  size_t budget_ = 0;
  Clock::time_point deadline_;
  bool exceeded_ = false;
};

/// A listening TCP socket, and the port that it has. `host` is an address. Errors name both.
struct Listener {
  Fd socket;
  int port = 0;
};
Result<Listener> listen_tcp(const std::string& host, int port, int backlog);

}  // namespace assay
