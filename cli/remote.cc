// cpp-httplib's client, in a thread of its own for each request, so that the caller can wait for other things
// meanwhile and cut it off.
#include "cli/remote.h"

#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <future>
#include <thread>

#include "common/fd.h"

namespace assay::cli {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// One request. The thread sends the bytes of a stream, or nothing, through a socket pair that it closes at
// its end: a bounded queue with a descriptor to wait on. The result comes by the future.
class Exchange {
 public:
  struct Request {
    std::string method, path, body;
    bool stream = false;  // the body goes to fd() as it comes
    bool events = true;   // it is one of server-sent events
  };
  Exchange(const ServerUrl& server, const std::string& token, const RemoteLimits& limits, Request request);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() { cut(); }

  int fd() const { return mine_.get(); }
  const std::string& where() const { return where_; }
  /// Ends it soon; then result() is there.
  void cut();
  Result<Reply> result() {
    return done_.valid() ? done_.get() : Error{Errc::unreachable, where_ + ": nothing more to come"};
  }

 private:
  Result<Reply> run(const Request& request, int out);
  httplib::Request prepare(const Request& request, int out, Reply& reply, bool& too_large);

  std::string where_, token_;
  RemoteLimits limits_;
  std::unique_ptr<httplib::ClientImpl> client_;
  Fd mine_;
  std::future<Result<Reply>> done_;
  std::thread thread_;
};

namespace {

constexpr int kOk = 200;

// Waits while the reader is slow; false once it has gone.
bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

std::unique_ptr<httplib::ClientImpl> make_client(const ServerUrl& server) {
  std::string host = server.host;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  if (server.tls) return std::make_unique<httplib::SSLClient>(host, server.port);
  return std::make_unique<httplib::ClientImpl>(host, server.port);
}

Error unreachable(const std::string& where, const std::string& why) {
  return {Errc::unreachable,
          "no answer from " + where + ": " + why +
              "; is assay-scheduler running there? --server or $ASSAY_SERVER names another"};
}

Error transport_error(httplib::Error error, const std::string& where) {
  switch (error) {
    case httplib::Error::Connection:
      return unreachable(where, "no connection");
    case httplib::Error::ConnectionTimeout:
      return unreachable(where, "no connection in time");
    case httplib::Error::SSLConnection:
      return unreachable(where, "no TLS connection");
    case httplib::Error::SSLLoadingCerts:
    case httplib::Error::SSLServerVerification:
      return {Errc::denied, where + " shows a certificate that this host does not trust"};
    default:
      return {Errc::unreachable, "the answer of " + where + " was cut short or is no HTTP"};
  }
}

}  // namespace

Exchange::Exchange(const ServerUrl& server, const std::string& token, const RemoteLimits& limits,
                   Request request)
    : where_(server.str()), token_(token), limits_(limits), client_(make_client(server)) {
  client_->set_connection_timeout(limits.connect);
  client_->set_read_timeout(request.stream ? limits.silence : limits.answer);
  client_->set_write_timeout(limits.answer);
  client_->set_decompress(false);  // a small answer could become a huge one
  int ends[2] = {-1, -1};
  std::promise<Result<Reply>> promise;
  done_ = promise.get_future();
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    promise.set_value(errno_error("socketpair"));
    return;
  }
  mine_ = Fd(ends[0]);
  thread_ = std::thread(
      [this, theirs = Fd(ends[1]), request = std::move(request), promise = std::move(promise)]() mutable {
        promise.set_value(run(request, theirs.get()));
      });
}

httplib::Request Exchange::prepare(const Request& request, int out, Reply& reply, bool& too_large) {
  httplib::Request http;
  http.method = request.method;
  http.path = request.path;
  http.set_header("Authorization", "Bearer " + token_);
  http.set_header("Accept", !request.stream  ? "application/json"
                            : request.events ? "text/event-stream"
                                             : "application/octet-stream, application/json");
  http.body = request.body;
  if (!request.body.empty()) http.set_header("Content-Type", "application/json");
  http.response_handler = [&reply, out,
                           greet = request.stream && request.events](const httplib::Response& response) {
    reply.status = response.status;
    // A comment in the stream: the server has said yes.
    return !greet || reply.status != kOk || send_all(out, ":\n");
  };
  http.content_receiver = [this, &reply, &too_large, out, stream = request.stream](
                              const char* data, size_t size, uint64_t, uint64_t) {
    if (stream && reply.status == kOk) return send_all(out, std::string_view(data, size));
    too_large = reply.body.size() + size > limits_.answer_bytes;
    if (!too_large) reply.body.append(data, size);
    return !too_large;
  };
  return http;
}

Result<Reply> Exchange::run(const Request& request, int out) {
  Reply reply;
  bool too_large = false;
  httplib::Request http = prepare(request, out, reply, too_large);
  httplib::Response response;
  httplib::Error error = httplib::Error::Success;
  bool sent = client_->send(http, response, error);
  if (too_large)
    return Error{Errc::limit, "the answer of " + where_ + " is larger than " +
                                  std::to_string(limits_.answer_bytes) + " bytes"};
  if (!sent) return transport_error(error, where_);
  std::string wait = response.get_header_value("Retry-After");
  unsigned seconds = 0;
  auto [end, wrong] = std::from_chars(wait.data(), wait.data() + wait.size(), seconds);
  if (!wait.empty() && wrong == std::errc() && end == wait.data() + wait.size())
    reply.retry_after = std::chrono::seconds(seconds);
  return reply;
}

void Exchange::cut() {
  mine_.reset();
  if (!thread_.joinable()) return;
  // Again and again: before the socket is there, stop() has nothing to close.
  while (done_.valid() && done_.wait_for(milliseconds(20)) != std::future_status::ready) client_->stop();
  thread_.join();
}

Remote::Remote(ServerUrl server, std::string token, int stop_fd, RemoteLimits limits)
    : server_(std::move(server)), token_(std::move(token)), stop_fd_(stop_fd), limits_(limits) {}

Result<Reply> Remote::call(const std::string& method, const std::string& path,
                           const std::string& body) const {
  auto deadline = Clock::now() + limits_.answer;
  Exchange exchange(server_, token_, limits_, {method, path, body, false});
  for (;;) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0)
      return Error{Errc::timeout, server_.str() + " has not answered " + method + " " + path + " within " +
                                      std::to_string(limits_.answer.count() / 1000) + " s"};
    if (exchange.fd() < 0) return exchange.result();  // it could not begin
    pollfd fds[] = {{exchange.fd(), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    if (::poll(fds, 2, static_cast<int>(left.count()) + 1) <= 0) continue;
    if (fds[0].revents != 0) return exchange.result();
    return Error{Errc::cancelled, "interrupted"};
  }
}

Result<std::string> Remote::get(const std::string& path) const {
  ASSAY_TRY(Reply reply, call("GET", path));
  if (reply.status / 100 != 2) return reply_error(reply, "GET " + url(path));
  return std::move(reply.body);
}

Result<std::string> Remote::post(const std::string& path, const std::string& body) const {
  ASSAY_TRY(Reply reply, call("POST", path, body));
  if (reply.status / 100 != 2) return reply_error(reply, "POST " + url(path));
  return std::move(reply.body);
}

Status Remote::download(const std::string& path, const std::function<Status(std::string_view)>& take) const {
  Exchange exchange(server_, token_, limits_, {"GET", path, "", true, false});
  std::string buffer(64 << 10, '\0');
  while (exchange.fd() >= 0) {
    pollfd fds[] = {{exchange.fd(), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0 && errno != EINTR) return errno_error("wait for " + url(path));
    if (fds[1].revents != 0) return Error{Errc::cancelled, "interrupted"};
    ssize_t got = ::recv(exchange.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) break;
    ASSAY_CHECK(take(std::string_view(buffer.data(), static_cast<size_t>(got))));
  }
  ASSAY_TRY(Reply reply, exchange.result());
  if (reply.status != kOk) return reply_error(reply, "GET " + url(path));
  return Status();
}

EventStream::EventStream(const Remote& remote, const std::string& path)
    : exchange_(std::make_unique<Exchange>(remote.server_, remote.token_, remote.limits_,
                                           Exchange::Request{"GET", path, "", true})),
      request_("GET " + remote.url(path)) {}
EventStream::EventStream(EventStream&&) noexcept = default;
EventStream& EventStream::operator=(EventStream&&) noexcept = default;
EventStream::~EventStream() = default;

int EventStream::fd() const { return exchange_->fd(); }

Result<std::string> EventStream::read() {
  char buffer[16 << 10];
  ssize_t got = ::recv(exchange_->fd(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (got > 0) return std::string(buffer, static_cast<size_t>(got));
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::string();
  ASSAY_TRY(Reply reply, exchange_->result());
  if (reply.status != kOk) return reply_error(reply, request_);
  return Error{Errc::unreachable, "the stream of events of " + exchange_->where() + " has ended"};
}

}  // namespace assay::cli
