// remote: a scheduler's HTTP API (docs/api.md) from the outside: requests, answers, its stream of events. The
// only file that wraps cpp-httplib's client. Every answer is bounded in size and time; what the server says
// is in the Errors as it said it, and complain() makes it printable. Knows nothing of what the bodies mean
// (answers.h).
//
// A weakness of the library, as of 0.11: it matches the status line with a recursive std::regex, so a server
// that sends one of some 50 KB crashes this process.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay::cli {

/// "http://127.0.0.1:8440", "https://farm.example". The port is 8440 for http, 443 for https when it is left
/// out.
struct ServerUrl {
  bool tls = false;
  std::string host;
  uint16_t port = 0;

  /// Errc::invalid names the text and the rule.
  static Result<ServerUrl> parse(std::string_view text);
  std::string str() const;
};

/// What may be sent as a bearer token: 1 to 512 visible ASCII characters. White space around it is cut off.
/// Errc::invalid says where it came from and never what it is.
Result<std::string> clean_token(std::string_view text, const std::string& where);

struct Reply {
  int status = 0;
  std::string body;
  std::optional<std::chrono::seconds> retry_after;
};

/// What a status that is no success means, with the server's own message, and what to do about it.
Error reply_error(const Reply& reply, const std::string& request);
/// What an error's body says, as far as it is one of the API's; else all empty.
struct Refusal {
  std::string message;
  std::optional<uint64_t> index;  // of the scan or image that is to blame
  bool begun = false;             // some of what was sent was taken before the error
  std::string batch_id;           // the batch that was made then
};
Refusal read_refusal(const Reply& reply);

struct RemoteLimits {
  std::chrono::milliseconds connect{5000};
  std::chrono::milliseconds answer{120000};  // the whole of it: a large batch takes a while
  std::chrono::milliseconds silence{60000};  // between two events, comments included
  size_t answer_bytes = 64 << 20;
};

class Exchange;

class Remote {
 public:
  /// `stop_fd`: readable means stop waiting (Errc::cancelled); -1: none. Borrowed.
  Remote(ServerUrl server, std::string token, int stop_fd = -1, RemoteLimits limits = {});

  /// Any answer. Errors: unreachable, timeout, limit, cancelled, corrupt.
  Result<Reply> call(const std::string& method, const std::string& path, const std::string& body = "") const;
  /// The body of a success; any other answer is its reply_error().
  Result<std::string> get(const std::string& path) const;
  Result<std::string> post(const std::string& path, const std::string& body) const;

  /// A body of any size, bit by bit, until `take` refuses one; once it returns well, all has come. Errors as
  /// of get(), and those of `take`.
  Status download(const std::string& path, const std::function<Status(std::string_view)>& take) const;

  std::string url(const std::string& path) const { return server_.str() + path; }
  int stop_fd() const { return stop_fd_; }

 private:
  friend class EventStream;
  ServerUrl server_;
  std::string token_;
  int stop_fd_;
  RemoteLimits limits_;
};

/// A stream of server-sent events, as bytes (sse.h reads them). Its first bytes come once the server has said
/// yes.
class EventStream {
 public:
  EventStream(const Remote& remote, const std::string& path);
  EventStream(EventStream&&) noexcept;
  EventStream& operator=(EventStream&&) noexcept;
  ~EventStream();  // cuts it off

  /// Readable when read() has something to say.
  int fd() const;
  /// Never blocks for long: what has come, or nothing; the Error that ended the stream (unreachable when it
  /// ended in order, too: there is no last event).
  Result<std::string> read();

 private:
  std::unique_ptr<Exchange> exchange_;
  std::string request_;
};

}  // namespace assay::cli
