// http_transfer: one exchange, no redirect followed: options on libcurl's handle, its callbacks, and what its
// failures mean. Only the http*.cc files include it.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>
#include <string>

#include "sources/http.h"
#include "sources/http_url.h"

namespace assay::sources {

inline constexpr size_t kMaxHeaderBytes = 64 * 1024;  // of all headers of an answer

/// What libcurl writes into while it runs. It is handed out by address: stays where it is.
struct Transfer {
  HttpReply reply;
  size_t limit_bytes = 0, header_bytes = 0;
  bool body_too_large = false, headers_too_large = false;
  bool first_hop = true;  // a redirect may lead to no link-local address
  bool address_refused = false;
  char error[CURL_ERROR_SIZE] = {};
  std::string ca_bundle;  // PEM
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{nullptr, curl_slist_free_all};
};

/// Puts `ask` onto a handle that was reset. Errc::invalid: a header with a line break, a file of certificates
/// that is none.
Status prepare(CURL* easy, const HttpAsk& ask, std::chrono::milliseconds whole, Transfer& transfer);
/// What went wrong, at `url`'s place.
Error transfer_error(CURL* easy, CURLcode code, const HttpAsk& ask, const Url& url, const Transfer& transfer);

}  // namespace assay::sources
