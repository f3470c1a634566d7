// libcurl's URL API, wrapped.
#include "sources/http_url.h"

#include <curl/curl.h>

#include <memory>
#include <optional>

#include "common/addresses.h"
#include "common/ascii.h"

namespace assay::sources {
namespace {

constexpr size_t kMaxUrlBytes = 16 * 1024;

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

Error bad(const std::string& what) { return {Errc::invalid, "a URL " + what}; }

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return "";
  std::string out(text);
  curl_free(text);
  return out;
}

Result<Handle> parsed(const std::string& url) {
  Handle out(curl_url(), curl_url_cleanup);
  if (url.size() > kMaxUrlBytes) return bad("is longer than 16 KiB");
  for (char c : url)
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return bad("holds a space or control character");
  if (curl_url_set(out.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
    return bad("is not one of http:// or https://");
  return out;
}

// Of "127.0.0.1" and "[::1]", with a zone behind it or not.
std::optional<IpAddress> address_of(const std::string& host) {
  bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed) return host.find(':') == host.npos ? IpAddress::parse(host) : std::nullopt;
  std::string bare = host.substr(1, host.size() - 2);
  auto out = IpAddress::parse(bare.substr(0, bare.find('%')));
  return out && out->v6 ? out : std::nullopt;
}

bool within(const IpAddress& address, const char* base, unsigned bits) {
  return address.within(*IpAddress::parse(base), bits);
}

}  // namespace

Result<Url> parse_url(const std::string& url) {
  ASSAY_TRY(Handle handle, parsed(url));
  Url out;
  out.scheme = ascii_lower(part(handle.get(), CURLUPART_SCHEME));
  out.host = ascii_lower(part(handle.get(), CURLUPART_HOST));
  out.port = part(handle.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  out.path = part(handle.get(), CURLUPART_PATH);
  out.query = part(handle.get(), CURLUPART_QUERY);
  if (out.scheme != "http" && out.scheme != "https") return bad("is not one of http:// or https://");
  if (out.host.empty() || out.port.empty()) return bad("names no host");
  if (!part(handle.get(), CURLUPART_USER).empty() || !part(handle.get(), CURLUPART_PASSWORD).empty())
    return bad("has a user or password in it: give them apart");
  return out;
}

Result<std::string> resolve_url(const std::string& base, const std::string& reference) {
  ASSAY_TRY(Handle handle, parsed(base));
  if (reference.size() > kMaxUrlBytes || reference.find('\0') != std::string::npos)
    return bad("is too long, or holds a NUL");
  if (curl_url_set(handle.get(), CURLUPART_URL, reference.c_str(), CURLU_URLENCODE) != CURLUE_OK)
    return bad("that is referred to is none");
  curl_url_set(handle.get(), CURLUPART_FRAGMENT, nullptr, 0);
  std::string out = part(handle.get(), CURLUPART_URL);
  ASSAY_TRY(Url checked, parse_url(out));
  return out;
}

bool is_loopback(const std::string& host) {
  auto address = address_of(host);
  if (!address) return host == "localhost";
  return within(*address, "127.0.0.0", 8) || within(*address, "::1", 128);
}

bool is_link_local(const std::string& host) {
  auto address = address_of(host);
  if (!address) return host == "metadata.google.internal";
  return within(*address, "169.254.0.0", 16) || within(*address, "fe80::", 10);
}

}  // namespace assay::sources
