// tls_server: TLS 1.2 and 1.3 (RFC 8446) at the server's end of a connection, by OpenSSL: a certificate that
// is read again when its files change, and sessions that never block. Whoever owns the socket waits; see
// http_socket. The only file of common that knows OpenSSL's SSL.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

/// PEM files. `certificate`: the server's, then those between it and its authority.
struct TlsFiles {
  std::string certificate, key;
  std::string
      client_ca{};  // empty: no client certificate is asked for; else one that is shown must be theirs
};

/// One connection's. Borrows the descriptor.
class TlsSession {
 public:
  enum class Did { done, want_read, want_write, ended, failed };

  TlsSession(TlsSession&&) noexcept;
  TlsSession& operator=(TlsSession&&) noexcept;
  ~TlsSession();

  Did handshake();
  /// done: `got` bytes are in `to`. ended: the peer has said that no more comes.
  Did read(char* to, size_t size, size_t& got);
  /// done: `sent` bytes of them are on their way. After want_* the same bytes are to be offered again.
  Did write(std::string_view bytes, size_t& sent);
  /// Bytes are there that poll(2) on the descriptor would not tell of.
  bool pending() const;
  /// Says that nothing more comes, if that can be said at once.
  void goodbye();
  /// After a handshake that failed: the peer spoke HTTP in the clear.
  bool heard_plain_http() const;
  /// The common name in the certificate that the client has shown, which is one of the client_ca's; nothing
  /// where it has shown none.
  std::optional<std::string> client_name() const;

 private:
  friend class TlsServer;
  struct State;
  explicit TlsSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Any thread may use it.
class TlsServer {
 public:
  /// Told on the thread that noticed: files have changed and are in force, or cannot be used, and why.
  using Notice = std::function<void(const Status& reloaded)>;

  /// Errors name the file: not_found, denied, invalid (no PEM, another key's certificate).
  static Result<TlsServer> open(TlsFiles files, Notice notice = {});
  TlsServer(TlsServer&&) noexcept;
  TlsServer& operator=(TlsServer&&) noexcept;
  ~TlsServer();

  /// A session on this connected socket, `fd`. Looks after the files, once a second at most.
  Result<TlsSession> accept(int fd);
  /// The files anew, at once; an error leaves the old ones in force.
  Status reload();

 private:
  struct State;
  explicit TlsServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
