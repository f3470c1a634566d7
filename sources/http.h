// http: requests to registries and clouds over libcurl, and nothing else knows libcurl. One request at a time
// a client; connections are kept. Answers are bounded in size and time and cut short by a stop. What a status
// means is the caller's.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace assay::sources {

/// Whom to trust, and who we are. Paths of PEM files; empty: the host's CAs, no certificate of ours.
struct HttpTls {
  bool verify = true;
  std::vector<std::string> ca_files;  // beside the host's CAs
  std::string client_cert, client_key;
};

/// AWS Signature Version 4, as libcurl makes it.
struct HttpSigning {
  std::string region, service;  // "eu-west-1", "ecr"
  std::string key_id, secret, session_token;
};

struct HttpAsk {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  HttpTls tls{};
  std::optional<std::pair<std::string, std::string>> basic{};  // user, password; never sent to another host
  std::optional<HttpSigning> signing{};
  bool follow = false;  // redirects: at most 5, none from https to http; authorization stays with its host
  size_t limit_bytes = 8 << 20;  // of the body
  std::chrono::milliseconds connect{10000}, whole{60000};
  bool proxy = true;  // whether *_proxy of the environment is heeded; never for metadata services
};

struct HttpReply {
  int status = 0;
  std::multimap<std::string, std::string> headers;  // names in lower case; at most 64 KiB together
  std::string body;
  std::string url;  // that answered, after redirects

  /// The first of that name, or empty.
  std::string header(const std::string& lower_case_name) const;
  /// Retry-After (RFC 9110, 10.2.3) in either form, at most a day; nothing where it does not say.
  std::optional<std::chrono::milliseconds> retry_after(int64_t now_s) const;
};

class Http {
 public:
  /// `stop_fd`: readable means give up (Errc::cancelled); -1: none. Borrowed.
  explicit Http(int stop_fd = -1);
  Http(Http&&) noexcept;
  Http& operator=(Http&&) noexcept;
  ~Http();

  /// Any answer, whatever its status. Errors name host and port, never a secret: unreachable (no such host,
  /// refused, cut, TLS not spoken), denied (certificate not trusted, or ours not accepted), timeout, limit
  /// (too large), cancelled, invalid (no URL).
  Result<HttpReply> ask(const HttpAsk& ask);
  /// Until `time` has passed: Errc::cancelled when stopped meanwhile.
  Status pause(std::chrono::milliseconds time) const;
  int stop_fd() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace assay::sources
