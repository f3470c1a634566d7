// http_url: URLs taken apart and put together, by libcurl's parser: the very one that requests go by, so that
// no check of ours can see another host than the request does. Pure.
#pragma once

#include <string>

#include "common/result.h"

namespace assay::sources {

struct Url {
  std::string scheme;  // "http" or "https"; nothing else is taken
  std::string host;    // "registry.example", "[::1]"; in lower case
  std::string port;    // always there: "443"
  std::string path;    // at least "/"
  std::string query;   // without "?"; may be empty

  /// Whom a secret for one may be told to for the other.
  bool same_place(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
  /// "registry.example:443": as errors name it.
  std::string place() const { return host + ":" + port; }
};

/// Errc::invalid: no absolute URL of http or https, or one with a user in it (which would be told to whoever
/// sees the URL). Its text is in no error: it may carry a signature.
Result<Url> parse_url(const std::string& url);
/// `reference` (relative or absolute) as seen from `base` (RFC 3986, 5.2), without its fragment.
/// Errc::invalid.
Result<std::string> resolve_url(const std::string& base, const std::string& reference);
/// "localhost", 127.0.0.0/8, ::1.
bool is_loopback(const std::string& host);
/// Of link-local addresses, where clouds keep their metadata services: nobody has a registry there.
bool is_link_local(const std::string& host);

}  // namespace assay::sources
