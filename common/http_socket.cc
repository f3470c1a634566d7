// poll(2) around every call that could block.
#include "common/http_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "common/text.h"

namespace assay {

HttpSocket::Woke HttpSocket::wait(short events, Clock::time_point deadline, bool heed_stop) const {
  for (;;) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() < 0) return Woke::timeout;
    pollfd fds[2] = {{socket_.get(), events, 0}, {heed_stop ? stop_fd_ : -1, POLLIN, 0}};
    int n = ::poll(fds, 2, static_cast<int>(std::min<int64_t>(left.count(), 60000)));
    if (n < 0 && errno != EINTR) return Woke::timeout;
    if (n > 0 && fds[1].revents != 0) return Woke::stop;
    if (n > 0 && fds[0].revents != 0) return Woke::ready;
  }
}

bool HttpSocket::wait_readable(std::chrono::milliseconds timeout) {
  if (begin_ < end_) return !stopping();
  auto deadline = Clock::now() + timeout;
  return wait(POLLIN, deadline, true) == Woke::ready && fill(deadline) > 0;
}

void HttpSocket::allow(size_t bytes, Clock::time_point deadline) {
  budget_ = bytes;
  deadline_ = deadline;
  exceeded_ = false;
}

HttpSocket::~HttpSocket() {
  if (tls_ && socket_) tls_->goodbye();
}

bool HttpSocket::secure(TlsSession session, Clock::time_point deadline) {
  for (;;) {
    TlsSession::Did did = session.handshake();
    if (did == TlsSession::Did::done) {
      tls_.emplace(std::move(session));
      return true;
    }
    plain_http_ = session.heard_plain_http();
    if (did != TlsSession::Did::want_read && did != TlsSession::Did::want_write) return false;
    if (wait(did == TlsSession::Did::want_read ? POLLIN : POLLOUT, deadline, true) != Woke::ready)
      return false;
  }
}

// Reads what is there into the empty buffer.
ssize_t HttpSocket::fill(Clock::time_point deadline) {
  begin_ = end_ = 0;
  ssize_t n = tls_ ? fill_tls(deadline, buffer_.data(), buffer_.size())
                   : fill_clear(deadline, buffer_.data(), buffer_.size());
  if (n > 0) end_ = static_cast<size_t>(n);
  return n;
}

ssize_t HttpSocket::fill_clear(Clock::time_point deadline, char* to, size_t size) {
  for (;;) {
    if (wait(POLLIN, deadline, true) != Woke::ready) return -1;
    ssize_t n = ::recv(socket_.get(), to, size, MSG_DONTWAIT);
    if (n >= 0 || (errno != EINTR && errno != EAGAIN)) return n;
  }
}

// What TLS has taken off the socket already, poll(2) says nothing of.
ssize_t HttpSocket::fill_tls(Clock::time_point deadline, char* to, size_t size) {
  short wanted = POLLIN;
  bool look = tls_->pending();
  for (;;) {
    if (look ? Clock::now() > deadline || stopping() : wait(wanted, deadline, true) != Woke::ready) return -1;
    size_t got = 0;
    switch (tls_->read(to, size, got)) {
      case TlsSession::Did::done:
        return static_cast<ssize_t>(got);
      case TlsSession::Did::ended:
        return 0;
      case TlsSession::Did::failed:
        return -1;
      case TlsSession::Did::want_write:
        wanted = POLLOUT;
        break;
      case TlsSession::Did::want_read:
        wanted = POLLIN;
    }
    look = false;
  }
}

ssize_t HttpSocket::read(char* to, size_t size) {
  if (budget_ == 0 || size == 0) {
    exceeded_ = exceeded_ || size > 0;
    return size > 0 ? -1 : 0;
  }
  if (begin_ == end_) {
    ssize_t n = fill(deadline_);
    if (n <= 0) return n;
  }
  size_t taken = std::min({size, end_ - begin_, budget_});
  std::memcpy(to, buffer_.data() + begin_, taken);
  begin_ += taken;
  budget_ -= taken;
  return static_cast<ssize_t>(taken);
}

bool HttpSocket::write(std::string_view bytes, Clock::time_point deadline) {
  return tls_ ? write_tls(bytes, deadline) : say_in_the_clear(bytes, deadline);
}

bool HttpSocket::write_tls(std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    if (Clock::now() > deadline) return false;
    size_t sent = 0;
    TlsSession::Did did = tls_->write(bytes, sent);
    if (did == TlsSession::Did::done) {
      bytes.remove_prefix(sent);
      continue;
    }
    bool wants = did == TlsSession::Did::want_read || did == TlsSession::Did::want_write;
    // A stop lets the answers under way go out, as below.
    if (!wants || wait(did == TlsSession::Did::want_read ? POLLIN : POLLOUT, deadline, false) != Woke::ready)
      return false;
  }
  return true;
}

bool HttpSocket::say_in_the_clear(std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    // A stop lets the answers under way go out: their deadline ends them.
    if (wait(POLLOUT, deadline, false) != Woke::ready) return false;
    ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void HttpSocket::finish(std::chrono::milliseconds patience) {
  if (tls_) tls_->goodbye();
  ::shutdown(socket_.get(), SHUT_WR);
  auto deadline = Clock::now() + patience;
  while (fill_clear(deadline, buffer_.data(), buffer_.size()) > 0) continue;
  socket_.reset();
}

bool HttpSocket::stopping() const {
  pollfd stop = {stop_fd_, POLLIN, 0};
  return ::poll(&stop, 1, 0) > 0;
}

namespace {

// Bound and listening, or errno says why not.
Fd listen_at(const addrinfo& address, int backlog) {
  Fd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  int on = 1;
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
      ::bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0 || ::listen(fd.get(), backlog) != 0)
    return Fd();
  return fd;
}

int port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

}  // namespace

Result<Listener> listen_tcp(const std::string& host, int port, int backlog) {
  const std::string name = "address " + printable(host, 64) + " port " + std::to_string(port);
  if (port < 0 || port > 65535) return Error{Errc::invalid, name + ": ports go from 0 to 65535"};
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) return Error{Errc::invalid, name + ": " + ::gai_strerror(failed) + "; give an IP address"};
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  Fd fd = listen_at(*found, backlog);
  if (!fd) return errno_error("listen on " + name);
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0)
    return errno_error("listen on " + name);
  return Listener{std::move(fd), port_of(bound)};
}

}  // namespace assay
