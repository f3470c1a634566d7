// metrics_http: a program's metrics at /metrics, for Prometheus, and nothing else.
#pragma once

#include <functional>
#include <string>

#include "common/http_server.h"
#include "common/result.h"

namespace assay {

/// "127.0.0.1:9440", "[::1]:9440"; port 0: any free one. Errc::invalid names the text.
Result<HttpConfig> parse_metrics_address(const std::string& address);
/// `text` gives Prometheus' text format; it is called on the server's threads.
Result<HttpServer> serve_metrics(std::function<std::string()> text, const std::string& address);

}  // namespace assay
