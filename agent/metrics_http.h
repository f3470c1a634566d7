// metrics_http: an agent's metrics at /metrics, for Prometheus, and nothing else.
#pragma once

#include <string>

#include "agent/metrics.h"
#include "common/http_server.h"
#include "common/result.h"

namespace assay {

/// "127.0.0.1:9440", "[::1]:9440"; port 0: any free one. Errc::invalid names the text.
Result<HttpConfig> parse_metrics_address(const std::string& address);
/// `metrics` is borrowed by the server.
Result<HttpServer> serve_metrics(const AgentMetrics& metrics, const std::string& address);

}  // namespace assay
