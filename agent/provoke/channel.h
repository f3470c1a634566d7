// channel: one TCP connection of ours to a guest's port, with TLS on it if asked: non-blocking, bounded, and
// never raising SIGPIPE. Any certificate will do: what the guest serves is evidence, not trusted.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

class Channel {
 public:
  static constexpr size_t kMaxReceived = 64 * 1024;  // beyond, what comes is thrown away

  Channel() = default;
  /// `socket` is non-blocking and of the address's family; connects.
  static Result<Channel> connect(Fd socket, const std::string& address, uint32_t port, bool tls);
  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) noexcept;
  ~Channel();

  int fd() const { return socket_.get(); }
  short events() const;  // what to poll for
  void send(std::string_view bytes);
  /// Does what can be done now. Errc::unreachable: refused, reset, or no TLS.
  Status turn();
  bool connected() const { return connected_; }  // TCP
  bool secure() const { return secure_; }        // TLS is up
  bool closed() const { return closed_; }        // by the peer
  const std::string& received() const { return received_; }
  void forget_received() { received_.clear(); }

 private:
  struct Tls;
  Status push();
  Status pull();
  Status shake();
  Fd socket_;
  std::unique_ptr<Tls> tls_;
  bool connected_ = false, secure_ = false, closed_ = false;
  std::string unsent_;    // to the socket
  std::string waiting_;   // for TLS to be up
  std::string received_;  // of the application
};

/// A non-blocking IPv4 socket of SOCK_STREAM or SOCK_DGRAM in the caller's network namespace.
Result<Fd> make_socket(int type);

}  // namespace assay
