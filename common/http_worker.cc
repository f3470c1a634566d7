// cpp-httplib's server, one per thread, used for what it does well: parsing a request from a stream, and
// writing an answer to one. What version 0.11 would otherwise do with a hostile client is prevented here:
// bodies without a length or compressed ones grow without bound, Range multiplies an answer, a regular
// expression meets the path, a time limit counts per byte, headers have no total, a queue of connections
// takes every descriptor that there is, and descriptors above 1023 are refused.
#include "common/http_worker.h"

#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>

#include "common/ascii.h"
#include "common/http_socket.h"

namespace assay {
namespace {

constexpr size_t kMaxHeadBytes = 16 * 1024;
constexpr size_t kMaxPathBytes = 2048;
constexpr size_t kLargeBodyBytes = 1 << 20;
constexpr size_t kLeastBytesPerSecond = 256 * 1024;
constexpr std::chrono::milliseconds kFinishPatience{1000};
// To who speaks HTTP in the clear where TLS is wanted.
constexpr std::string_view kWantsTls =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    "this port speaks TLS: ask it by https\n";
constexpr const char* kAnyPath = "/";  // the one that the library's patterns get to see

// One unit of a semaphore, given back once.
class Permit {
 public:
  Permit() = default;
  explicit Permit(HttpShared::Semaphore& from) : from_(&from) {}
  Permit(Permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
  Permit& operator=(Permit&& other) noexcept {
    if (this != &other) {
      if (from_ != nullptr) from_->release();
      from_ = std::exchange(other.from_, nullptr);
    }
    return *this;
  }
  ~Permit() {
    if (from_ != nullptr) from_->release();
  }

 private:
  HttpShared::Semaphore* from_ = nullptr;
};

HttpSocket::Clock::time_point time_for(std::chrono::milliseconds base, size_t bytes) {
  return HttpSocket::Clock::now() + base + std::chrono::seconds(bytes / kLeastBytesPerSecond);
}

// HttpSocket as the library's parser wants it.
class ParserStream : public httplib::Stream {
 public:
  ParserStream(HttpSocket& socket, std::chrono::milliseconds patience)
      : socket_(socket), patience_(patience) {}
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override { return socket_.read(to, size); }
  ssize_t write(const char* from, size_t size) override {
    return socket_.write({from, size}, time_for(patience_, size)) ? static_cast<ssize_t>(size) : -1;
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip = "";
    port = 0;
  }
  // Not the real one: the library answers 500 to connections whose descriptor is too large for select(2).
  socket_t socket() const override { return 0; }

 private:
  HttpSocket& socket_;
  std::chrono::milliseconds patience_;
};

void ParserStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  char text[NI_MAXHOST] = "";
  port = 0;
  if (::getpeername(socket_.fd(), reinterpret_cast<sockaddr*>(&peer), &size) == 0)
    ::getnameinfo(reinterpret_cast<sockaddr*>(&peer), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  ip = text;
}

// The library's sink as the handlers see it.
class SinkStream : public HttpStream {
 public:
  SinkStream(httplib::DataSink& sink, const HttpSocket& socket, int stop_fd)
      : sink_(sink), socket_(socket), stop_fd_(stop_fd) {}
  bool write(std::string_view bytes) override {
    return !socket_.stopping() && (bytes.empty() || sink_.write(bytes.data(), bytes.size()));
  }
  void cut() override { cut_ = true; }
  bool was_cut() const { return cut_; }
  int stop_fd() const override { return stop_fd_; }
  int peer_fd() const override { return socket_.fd(); }

 private:
  httplib::DataSink& sink_;
  const HttpSocket& socket_;
  int stop_fd_;
  bool cut_ = false;
};

bool takes_body(const std::string& method) {
  return method == "POST" || method == "PUT" || method == "PATCH" || method == "DELETE";
}

// The length that the head declares; nothing when it is not one number.
std::optional<size_t> content_length(const httplib::Request& request) {
  size_t count = request.get_header_value_count("Content-Length");
  if (count == 0) return 0;
  std::string text = request.get_header_value("Content-Length");
  size_t length = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (count > 1 || text.empty() || failed != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return length;
}

// One thread's: serves connections one after the other.
class Worker : public httplib::Server {
 public:
  explicit Worker(HttpShared& shared);
  void serve(Fd connection);

 private:
  bool secure(HttpSocket& socket);
  void on_head(httplib::Request& request);
  std::optional<HttpResponse> refuse(const httplib::Request& request, size_t length);
  std::optional<HttpResponse> take_permit(size_t length);
  void answer(HttpResponse response, httplib::Response& out);
  void describe_error(httplib::Response& out);

  HttpShared& shared_;
  // Of the request at hand:
  HttpSocket* socket_ = nullptr;
  HttpRequest request_;
  std::optional<HttpResponse> refused_;
  Permit large_, streaming_;
  std::unique_ptr<HttpStreamer> stream_;
  bool head_seen_ = false, close_ = false;
};

Worker::Worker(HttpShared& shared) : shared_(shared) {
  svr_sock_ = shared.listener.socket.get();  // to the library: running
  set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(shared.config.idle).count());
  set_keep_alive_max_count(shared.config.requests_per_connection);
  set_pre_routing_handler([this](const httplib::Request&, httplib::Response& out) {
    if (!refused_) return HandlerResponse::Unhandled;
    answer(std::move(*refused_), out);
    return HandlerResponse::Handled;
  });
  auto handle = [this](const httplib::Request& request, httplib::Response& out) {
    request_.body = std::move(const_cast<httplib::Request&>(request).body);  // ours alone from here on
    answer(shared_.service.handle(request_), out);
  };
  Get(kAnyPath, handle);
  Post(kAnyPath, handle);
  Put(kAnyPath, handle);
  Patch(kAnyPath, handle);
  Delete(kAnyPath, handle);
  Options(kAnyPath, handle);
  set_error_handler([this](const httplib::Request&, httplib::Response& out) { describe_error(out); });
  set_exception_handler([](const httplib::Request&, httplib::Response& out, std::exception_ptr) {
    out.status = 500;  // out of memory: nothing else throws
  });
}

void Worker::serve(Fd connection) {
  const HttpConfig& config = shared_.config;
  HttpSocket socket(std::move(connection), shared_.stop.get());
  if (shared_.tls && !secure(socket)) return;
  socket_ = &socket;
  close_ = false;
  bool unread = false;  // the client may have said more than was read
  for (unsigned left = config.requests_per_connection; left > 0; --left) {
    bool first = left == config.requests_per_connection;
    if (!socket.wait_readable(first ? std::min(config.idle, config.head) : config.idle)) break;
    head_seen_ = false;
    refused_.reset();
    socket.allow(kMaxHeadBytes, HttpSocket::Clock::now() + config.head);
    ParserStream stream(socket, config.body);
    bool closed = false;
    bool ok = process_request(stream, left == 1, closed, [this](httplib::Request& r) { on_head(r); });
    request_ = HttpRequest();
    large_ = Permit();
    streaming_ = Permit();
    stream_.reset();
    // Where the head was not understood, what follows it cannot be either.
    unread = !ok || !head_seen_ || close_;
    if (unread || closed) break;
  }
  if (unread) socket.finish(kFinishPatience);
  socket_ = nullptr;
}

// The handshake, or the end of the connection.
bool Worker::secure(HttpSocket& socket) {
  auto session = shared_.tls->accept(socket.fd());
  if (!session) return false;
  if (socket.secure(std::move(*session), HttpSocket::Clock::now() + shared_.config.handshake)) return true;
  if (socket.heard_plain_http()) {
    socket.say_in_the_clear(kWantsTls, HttpSocket::Clock::now() + kFinishPatience);
    socket.finish(kFinishPatience);
  }
  return false;
}

// Head is read, nothing decided yet. What the library would do with it beyond reading the body is taken away.
void Worker::on_head(httplib::Request& request) {
  head_seen_ = true;
  request_ = HttpRequest{request.method == "HEAD" ? "GET" : request.method,
                         request.path,
                         {request.params.begin(), request.params.end()},
                         request.get_header_value("Authorization"),
                         "",
                         request.remote_addr,
                         {},
                         shared_.stop.get(),
                         {},
                         socket_->client_name()};
  for (const auto& [name, value] : request.headers) request_.headers.emplace_back(ascii_lower(name), value);
  auto length = content_length(request);
  refused_ = length ? refuse(request, *length)
                    : shared_.service.describe(400, "Content-Length is not one number of bytes");
  request.path = kAnyPath;
  request.ranges.clear();
  for (const char* name : {"Range", "Accept-Encoding", "Content-Type"}) request.headers.erase(name);
  if (refused_) {
    close_ = true;
    request.headers.erase("Expect");
    request.headers.erase("Connection");
    request.set_header("Connection", "close");
    return;
  }
  if (takes_body(request.method) && !request.has_header("Content-Length"))
    request.set_header("Content-Length", "0");
  socket_->allow(*length, time_for(shared_.config.body, *length));
}

std::optional<HttpResponse> Worker::refuse(const httplib::Request& request, size_t length) {
  auto no = [&](int status, const std::string& reason) { return shared_.service.describe(status, reason); };
  if (request_.path.size() > kMaxPathBytes) return no(414, "path is longer than 2048 bytes");
  if (request.has_header("Transfer-Encoding"))
    return no(411, "Transfer-Encoding is not taken: send the body with a Content-Length");
  if (request.has_header("Content-Encoding"))
    return no(415, "Content-Encoding is not taken: send the body as it is");
  if (length > 0 && !takes_body(request.method)) return no(400, request_.method + " takes no body");
  HttpAdmission admission = shared_.service.admit(request_);
  if (admission.refused) return std::move(admission.refused);
  std::string type = request.get_header_value("Content-Type");
  if (length > 0 && !admission.any_type && !type.empty() && type != "application/json" &&
      !type.starts_with("application/json;"))
    return no(415, "Content-Type is not application/json");
  request_.admitted = std::move(admission.admitted);
  if (length > admission.max_body_bytes)
    return no(413, "body of " + std::to_string(length) + " bytes is larger than the " +
                       std::to_string(admission.max_body_bytes) + " that are taken here");
  return take_permit(length);
}

std::optional<HttpResponse> Worker::take_permit(size_t length) {
  if (length <= kLargeBodyBytes) return std::nullopt;
  if (!shared_.large.try_acquire_for(shared_.config.body))
    return shared_.service.describe(503, "too many large requests at once: try again");
  large_ = Permit(shared_.large);
  return std::nullopt;
}

void Worker::answer(HttpResponse response, httplib::Response& out) {
  if (response.stream && shared_.streams.try_acquire())
    streaming_ = Permit(shared_.streams);
  else if (response.stream)
    response = shared_.service.describe(
        503, "all " + std::to_string(shared_.config.streams) + " streams are taken: try again later");
  out.status = response.status;
  for (const auto& [name, value] : response.headers) out.set_header(name, value);
  out.set_header("X-Content-Type-Options", "nosniff");
  out.set_header("Cache-Control", "no-store");
  if (!response.stream) return out.set_content(response.body, response.content_type);
  close_ = true;
  stream_ = std::move(response.stream);
  out.set_chunked_content_provider(response.content_type, [this](size_t, httplib::DataSink& sink) {
    SinkStream to(sink, *socket_, shared_.stop.get());
    stream_->run(to);
    if (to.was_cut()) return false;
    sink.done();
    return true;
  });
}

// Of a status that the library chose.
void Worker::describe_error(httplib::Response& out) {
  if (!out.body.empty() || out.content_provider_) return;
  if (!head_seen_ && socket_->exceeded()) out.status = 431;
  close_ = true;
  HttpResponse described =
      shared_.service.describe(out.status, out.status == 431   ? "the head is larger than 16 KiB"
                                           : out.status == 416 ? "Range is not taken"
                                           : out.status >= 500 ? "out of memory"
                                                               : "this is not a whole HTTP request");
  out.set_content(described.body, described.content_type);
}

}  // namespace

void serve_connections(HttpShared& shared) {
  Worker worker(shared);
  for (;;) {
    Fd connection(::accept4(shared.listener.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    pollfd stop = {shared.stop.get(), POLLIN, 0};
    // Out of descriptors, or the connection died meanwhile: a pause, since asking again at once would spin.
    if (::poll(&stop, 1, connection || errno == EINTR ? 0 : 50) > 0) return;
    if (connection) worker.serve(std::move(connection));
  }
}

}  // namespace assay
