#include "agent/provoke/channel.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace assay {

// Memory BIOs: OpenSSL never touches the socket, whose errors are ours to read.
struct Channel::Tls {
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  BIO *in = nullptr, *out = nullptr;
  ~Tls() {
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
  }
};

namespace {

constexpr size_t kMaxUnsent = 64 * 1024;

Error gone(const char* how) { return {Errc::unreachable, how}; }

}  // namespace

Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;
Channel::~Channel() = default;

Result<Fd> make_socket(int type) {
  Fd fd(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return errno_error("make a socket");
  return fd;
}

Result<Channel> Channel::connect(Fd socket, const std::string& address, uint32_t port, bool tls) {
  Channel channel;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1)
    return Error{Errc::invalid, "no IPv4 address: " + address};
  channel.socket_ = std::move(socket);
  if (::connect(channel.fd(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS)
    return gone("refused");
  if (!tls) return channel;
  channel.tls_ = std::make_unique<Tls>();
  Tls& t = *channel.tls_;
  t.context = SSL_CTX_new(TLS_client_method());
  t.ssl = t.context ? SSL_new(t.context) : nullptr;
  t.in = BIO_new(BIO_s_mem());
  t.out = BIO_new(BIO_s_mem());
  if (t.ssl == nullptr || t.in == nullptr || t.out == nullptr) return Error{Errc::io, "no memory for TLS"};
  SSL_set_bio(t.ssl, t.in, t.out);
  SSL_set_connect_state(t.ssl);
  SSL_set_verify(t.ssl, SSL_VERIFY_NONE, nullptr);
  return channel;
}

short Channel::events() const {
  bool out = !connected_ || !unsent_.empty();
  return static_cast<short>(POLLIN | (out ? POLLOUT : 0));
}

void Channel::send(std::string_view bytes) {
  if (tls_)
    waiting_.append(bytes);
  else if (unsent_.size() < kMaxUnsent)
    unsent_.append(bytes);
}

Status Channel::turn() {
  if (!connected_) {
    pollfd ready{fd(), POLLOUT, 0};
    if (::poll(&ready, 1, 0) <= 0) return Status();
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return gone("refused");
    connected_ = true;
  }
  ASSAY_CHECK(push());
  ASSAY_CHECK(pull());
  if (tls_) ASSAY_CHECK(shake());
  return push();
}

Status Channel::push() {
  while (!unsent_.empty()) {
    ssize_t n = ::send(fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Status();
    if (n <= 0) {
      closed_ = true;  // what it said before may still be read
      unsent_.clear();
      return Status();
    }
    unsent_.erase(0, static_cast<size_t>(n));
  }
  return Status();
}

// Bounded per turn.
Status Channel::pull() {
  char buffer[16384];
  for (int i = 0; i < 8; ++i) {
    ssize_t n = ::recv(fd(), buffer, sizeof buffer, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return Status();
    if (n <= 0) {
      closed_ = true;
      return Status();
    }
    std::string_view bytes(buffer, static_cast<size_t>(n));
    if (tls_)
      BIO_write(tls_->in, bytes.data(), static_cast<int>(bytes.size()));
    else
      received_.append(bytes.substr(0, kMaxReceived - std::min(kMaxReceived, received_.size())));
  }
  return Status();
}

Status Channel::shake() {
  ERR_clear_error();
  if (!secure_) {
    int done = SSL_do_handshake(tls_->ssl);
    int why = done == 1 ? SSL_ERROR_NONE : SSL_get_error(tls_->ssl, done);
    secure_ = done == 1;
    if (!secure_ && (closed_ || (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE)))
      return gone("no TLS");
  }
  if (secure_ && !waiting_.empty() &&
      SSL_write(tls_->ssl, waiting_.data(), static_cast<int>(waiting_.size())) > 0)
    waiting_.clear();
  char buffer[16384];
  int read = 0;
  while (secure_ && (read = SSL_read(tls_->ssl, buffer, sizeof buffer)) > 0)
    received_.append(
        buffer, std::min(static_cast<size_t>(read), kMaxReceived - std::min(kMaxReceived, received_.size())));
  // Its end, or what is no TLS any more: nobody would take what comes then out of the buffer.
  if (secure_ && SSL_get_error(tls_->ssl, read) != SSL_ERROR_WANT_READ) closed_ = true;
  for (int n = 0; unsent_.size() < kMaxUnsent && (n = BIO_read(tls_->out, buffer, sizeof buffer)) > 0;)
    unsent_.append(buffer, static_cast<size_t>(n));
  return Status();
}

}  // namespace assay
