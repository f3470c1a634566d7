// libcurl's failures in words: what happened, at which host and port, and what to do. Never a URL's path or
// query, which may be signed, and no header.
#include <cstring>

#include "common/text.h"
#include "common/words.h"
#include "sources/http_transfer.h"

namespace assay::sources {
namespace {

std::string seconds_text(std::chrono::milliseconds time) {
  return time.count() % 1000 ? std::to_string(time.count()) + " ms"
                             : std::to_string(time.count() / 1000) + " s";
}

Error timed_out(CURL* easy, const HttpAsk& ask, const std::string& at) {
  curl_off_t connected = 0;
  curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &connected);
  if (connected == 0) curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
  if (connected == 0) return {Errc::timeout, at + " takes no connection within " + seconds_text(ask.connect)};
  return {Errc::timeout, at + " has not answered in whole within " + seconds_text(ask.whole)};
}

// What the peer says by a TLS alert about us; anything else of TLS is about the peer.
Error tls_failed(const HttpAsk& ask, const std::string& at, const std::string& text) {
  for (const char* word : {"certificate required", "bad certificate", "alert handshake failure", "unknown ca",
                           "certificate unknown", "certificate expired", "certificate revoked",
                           "access denied", "unsupported certificate"})
    if (text.find(word) != std::string::npos)
      return {Errc::denied, at +
                                (ask.tls.client_cert.empty()
                                     ? " wants a client certificate: put its .cert and .key into certs.d"
                                     : " does not accept the client certificate " + ask.tls.client_cert) +
                                " (" + text + ")"};
  if (text.find("wrong version number") != std::string::npos ||
      text.find("http request") != std::string::npos)
    return {Errc::unreachable,
            at + " does not speak TLS: where it is meant to be asked in the clear, say that it is "
                 "insecure"};
  return {Errc::unreachable, at + ": TLS failed: " + text};
}

// A TLS alert is lost where the server resets the connection behind it: then this is all that is known.
Error cut(const HttpAsk& ask, const Url& url, const std::string& at, const Transfer& transfer) {
  std::string guess;
  if (url.scheme == "https" && transfer.header_bytes == 0)
    guess = ask.tls.client_cert.empty() ? "; it may want a client certificate"
                                        : "; it may not accept the client certificate " + ask.tls.client_cert;
  return {Errc::unreachable, at + " has cut the connection before its answer was whole" + guess};
}

Error not_connected(CURL* easy, const std::string& at) {
  long number = 0;
  curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
  std::string why = number ? std::strerror(static_cast<int>(number)) : "nobody answers there";
  return {Errc::unreachable, at + " takes no connection: " + why};
}

}  // namespace

Error transfer_error(CURL* easy, CURLcode code, const HttpAsk& ask, const Url& url,
                     const Transfer& transfer) {
  std::string at = printable(url.place(), 300);
  std::string text = printable(*transfer.error ? transfer.error : curl_easy_strerror(code), 300);
  if (transfer.body_too_large)
    return {Errc::limit,
            at + " answers with more than the " + std::to_string(ask.limit_bytes) + " bytes that are read"};
  if (transfer.headers_too_large)
    return {Errc::limit,
            at + " answers with more than " + std::to_string(kMaxHeaderBytes) + " bytes of headers"};
  if (transfer.address_refused)
    return {Errc::denied, at + " is sent on to, and has a link-local address: not followed"};
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Errc::unreachable, at + ": no such host, or no name server answers"};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {Errc::unreachable, at + ": the proxy of the environment is not found"};
    case CURLE_COULDNT_CONNECT:
      return not_connected(easy, at);
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(easy, ask, at);
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Errc::denied, at + " is not trusted: " + text +
                                "; put the authority of its certificate into certs.d, or "
                                "among the host's"};
    case CURLE_SSL_CERTPROBLEM:
      return {Errc::invalid, "client certificate " + ask.tls.client_cert + " cannot be used: " + text};
    case CURLE_SSL_CACERT_BADFILE: {
      std::string files = joined(ask.tls.ca_files, ", ");
      return {Errc::invalid, "certificates to trust cannot be read: " + (files.empty() ? text : files)};
    }
    case CURLE_SSL_CONNECT_ERROR:
      return tls_failed(ask, at, text);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      if (text.find("SSL routines") != std::string::npos) return tls_failed(ask, at, text);
      [[fallthrough]];
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return cut(ask, url, at, transfer);
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer without a status line
      return {Errc::unreachable, at + " does not speak HTTP: " + text};
    case CURLE_URL_MALFORMAT:
      return {Errc::invalid, "a URL is none that can be asked"};
    default:
      return {Errc::io, at + ": " + text};
  }
}

}  // namespace assay::sources
