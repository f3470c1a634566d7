// http_server: HTTP/1.1 served from a bounded number of threads. The one edge around cpp-httplib's server
// side: it parses requests and writes answers; connections, their limits in time and size, and stopping are
// ours, since the library's do not hold against a hostile client (see http_server.cc). What a path means is
// the caller's.
#pragma once

#include <any>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/tls_server.h"

namespace assay {

struct HttpRequest {
  std::string method;                                      // "GET" (also for HEAD), "POST"...
  std::string path;                                        // as percent-decoded by the library; at most 2 KiB
  std::vector<std::pair<std::string, std::string>> query;  // decoded, by name
  std::string authorization;                               // that header, or empty
  std::string body;                                        // as it was sent
  std::string peer;                                        // address that it came from
  std::any admitted;                                       // what admit() left for handle()
  int stop_fd = -1;  // readable when the server stops: an answer should not be waited for any more
  std::vector<std::pair<std::string, std::string>> headers{};  // names in lower case; together at most 16 KiB
  /// Common name in the certificate that the client has shown, which is one of TlsFiles::client_ca's; nothing
  /// where it has shown none.
  std::optional<std::string> client_name{};

  /// The first parameter of this name, or nothing.
  std::optional<std::string> parameter(std::string_view name) const;
  /// The header of this name, in whichever case; nothing where there is none, or where there are several,
  /// which two readers could understand in two ways.
  std::optional<std::string> header(std::string_view name) const;
};

/// Where a streamed answer goes.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  /// False: the client is gone or too slow, or the server stops; return then.
  virtual bool write(std::string_view bytes) = 0;
  /// What was written is not the whole: the connection ends so that the client sees it. Return then.
  virtual void cut() = 0;
  /// Readable when the server stops, and when the client has gone: to be waited for beside what the stream
  /// tells of.
  virtual int stop_fd() const = 0;
  virtual int peer_fd() const = 0;
};

/// An answer that is written bit by bit.
class HttpStreamer {
 public:
  virtual ~HttpStreamer() = default;
  /// On the connection's thread, until it returns; then the connection is closed.
  virtual void run(HttpStream& to) = 0;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  // further ones; ours, never a client's bytes
  /// Instead of `body`. At most HttpConfig::streams at once, then the client gets 503.
  std::unique_ptr<HttpStreamer> stream;
};

/// What becomes of a request when only its head is known.
struct HttpAdmission {
  std::optional<HttpResponse> refused;  // answer this, read no body, close
  size_t max_body_bytes = 0;            // larger: 413
  bool any_type = false;                // of the body; else another Content-Type than application/json: 415
  std::any admitted;                    // for handle()
};

/// Host and port of "127.0.0.1:8440" or "[::1]:8440", or nothing when it is no such thing.
std::optional<std::pair<std::string, int>> parse_http_address(const std::string& address);

struct HttpConfig {
  std::string host = "127.0.0.1";  // an address, not a name; "::1" for IPv6
  int port = 0;                    // 0: any free one
  size_t threads = 32;             // connections at once, beside those that stream
  size_t streams = 64;
  size_t large_bodies = 2;  // bodies above 1 MiB that are held at once; others wait 10 s, then get 503
  std::chrono::milliseconds idle{
      5000};  // between two requests of a connection; before the first, at most `head`
  std::chrono::milliseconds head{10000};  // for the whole head of one
  std::chrono::milliseconds body{10000};  // for its body, beside 256 KiB/s; likewise for an answer
  unsigned requests_per_connection = 1000;
  std::optional<TlsFiles> tls{};  // nothing: in the clear
  TlsServer::Notice tls_notice{};
  std::chrono::milliseconds handshake{5000};
};

class HttpServer {
 public:
  using Admit = std::function<HttpAdmission(const HttpRequest& head)>;
  using Handle = std::function<HttpResponse(const HttpRequest&)>;
  /// Makes the JSON body of errors that are answered here (a malformed request, 411, 413, 415, 431, 503).
  using Describe = std::function<HttpResponse(int status, const std::string& reason)>;
  struct Service {
    Admit admit;  // called on any of the server's threads, as all of these
    Handle handle;
    Describe describe;
  };

  /// Listens and serves until destroyed; that waits for the requests under way. Errors name the address, or
  /// the file of the certificate.
  static Result<HttpServer> start(const HttpConfig& config, Service service);
  HttpServer(HttpServer&&) noexcept;
  HttpServer& operator=(HttpServer&&) noexcept;
  ~HttpServer();

  int port() const;
  /// Certificate and key anew; an error leaves the old ones in force. Nothing to do without TLS.
  Status reload_tls();

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
