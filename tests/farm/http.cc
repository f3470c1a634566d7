// Sockets and a parser for what our own server writes: Content-Length or chunked.
#include "tests/farm/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "common/ascii.h"

namespace assay::farm {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kMaxHead = 64 * 1024;

sockaddr_in address(const std::string& host, uint16_t port) {
  sockaddr_in addr{};
  addr.sin_family = AF_INET;
  addr.sin_port = htons(port);
  ::inet_pton(AF_INET, host.c_str(), &addr.sin_addr);
  return addr;
}

// The value of a header in a head that was made lower case.
std::string header(const std::string& head, const std::string& name) {
  size_t at = head.find("\r\n" + name + ":");
  if (at == std::string::npos) return "";
  at = head.find_first_not_of(' ', at + name.size() + 3);
  return head.substr(at, head.find("\r\n", at) - at);
}

// Takes whole chunks off `in` into `body`; true once the last one came.
bool unchunk(std::string& in, std::string& body) {
  size_t at = 0;
  bool last = false;
  for (;;) {
    size_t line_end = in.find("\r\n", at);
    if (line_end == std::string::npos) break;
    size_t size = std::strtoul(in.c_str() + at, nullptr, 16);
    if (in.size() < line_end + 2 + size + 2) break;
    body.append(in, line_end + 2, size);
    at = line_end + 2 + size + 2;
    if (size == 0) {
      last = true;
      break;
    }
  }
  in.erase(0, at);
  return last;
}

}  // namespace

Result<uint16_t> free_port() {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in addr = address("127.0.0.1", 0);
  socklen_t size = sizeof addr;
  if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&addr), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&addr), &size) != 0)
    return errno_error("find a free port");
  return ntohs(addr.sin_port);
}

Status Http::connect() {
  if (make_) {
    ASSAY_TRY(fd_, make_());
  } else {
    fd_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  if (!fd_) return errno_error("socket");
  int on = 1;
  (void)::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in addr = address(host_, port_);
  if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&addr), sizeof addr) != 0 && errno != EINPROGRESS) {
    fd_.reset();
    return Error{Errc::unreachable, "connect to the API"};
  }
  closed_ = last_ = false;
  return Status();
}

// A server may end a kept connection while nothing is asked of it.
bool Http::ended_by_peer() const {
  char byte;
  ssize_t n = ::recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return n == 0 || (n < 0 && errno != EAGAIN && errno != ENOTCONN);
}

Status Http::begin(const std::string& method, const std::string& target, const std::string& body) {
  if (!fd_ || closed_ || waiting_ || ended_by_peer()) ASSAY_CHECK(connect());
  in_.clear();
  body_.clear();
  body_at_ = 0;
  waiting_ = true;
  out_ = method + " " + target + " HTTP/1.1\r\nHost: " + host_ +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  if (!token_.empty()) out_ += "Authorization: Bearer " + token_ + "\r\n";
  if (!body.empty()) out_ += "Content-Type: application/json\r\n";
  out_ += "\r\n" + body;
  return flush();
}

Status Http::flush() {
  while (!out_.empty()) {
    ssize_t n = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) return Status();
    if (n < 0) {
      closed_ = true;
      waiting_ = false;
      return Error{Errc::unreachable, "send to the API"};
    }
    out_.erase(0, static_cast<size_t>(n));
  }
  return Status();
}

Status Http::receive() {
  ASSAY_CHECK(flush());
  char buffer[64 * 1024];
  for (;;) {
    ssize_t n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (n > 0) {
      in_.append(buffer, static_cast<size_t>(n));
      continue;
    }
    if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) return Status();
    if (n < 0 && errno == EINTR) continue;
    closed_ = true;
    return Status();
  }
}

bool Http::whole() {
  if (body_at_ == 0) {
    size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    std::string head = ascii_lower(in_.substr(0, end + 2));
    code_ = std::atoi(head.c_str() + std::min(head.size(), size_t{9}));
    if (code_ == 100) {
      in_.erase(0, end + 4);
      return whole();
    }
    chunked_ = header(head, "transfer-encoding") == "chunked";
    length_ = std::strtoul(header(head, "content-length").c_str(), nullptr, 10);
    in_.erase(0, end + 4);
    body_at_ = end + 4;
    last_ = header(head, "connection") == "close";
  }
  if (chunked_) return unchunk(in_, body_);
  if (in_.size() < length_) return false;
  body_ = in_.substr(0, length_);
  return true;
}

Result<std::optional<Response>> Http::poll() {
  if (!waiting_) return std::optional<Response>();
  ASSAY_CHECK(receive());
  if (whole()) {
    waiting_ = false;
    closed_ |= last_;
    return std::optional<Response>(Response{code_, std::move(body_)});
  }
  if (closed_ || (body_at_ == 0 && in_.size() > kMaxHead)) {
    waiting_ = false;
    closed_ = true;
    return Error{Errc::unreachable, "the API ended the connection"};
  }
  return std::optional<Response>();
}

Result<std::string> Http::drain() {
  ASSAY_CHECK(receive());
  (void)whole();
  if (closed_ && body_.empty()) return Error{Errc::unreachable, "the API ended the stream"};
  return std::exchange(body_, "");
}

Result<Response> Http::call(const std::string& method, const std::string& target, const std::string& body,
                            milliseconds timeout) {
  auto deadline = steady_clock::now() + timeout;
  ASSAY_CHECK(begin(method, target, body));
  for (;;) {
    ASSAY_TRY(auto response, poll());
    if (response) return std::move(*response);
    if (steady_clock::now() > deadline) {
      closed_ = true;
      waiting_ = false;
      return Error{Errc::timeout, "no answer to " + method + " " + target};
    }
    pollfd item{fd_.get(), static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
    (void)::poll(&item, 1, 50);
  }
}

}  // namespace assay::farm
