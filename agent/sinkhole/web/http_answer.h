// http_answer: a site's answer as bytes: status line, the fields that any server sends, ranges (RFC 9110
// section 14), and the 101 of a WebSocket (RFC 6455 section 4.2.2). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/sinkhole/web/web.h"

namespace assay::sinkhole {

/// The whole response to `request`, without its body where that was a HEAD.
std::string render(const WebRequest& request, WebAnswer answer, bool close, int64_t unix_seconds);
/// Sec-WebSocket-Accept.
std::string websocket_accept(std::string_view key);
/// "Tue, 14 Nov 2023 22:13:20 GMT"
std::string http_date(int64_t unix_seconds);

}  // namespace assay::sinkhole
