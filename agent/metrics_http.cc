// One path.
#include "agent/metrics_http.h"

#include <charconv>

#include "common/log.h"

namespace assay {
namespace {

HttpResponse plain(int status, const std::string& text) {
  HttpResponse response;
  response.status = status;
  response.body = text;
  response.content_type = "text/plain; version=0.0.4";
  return response;
}

}  // namespace

Result<HttpConfig> parse_metrics_address(const std::string& address) {
  Error bad{Errc::invalid, "metrics '" + address + "' is no ADDRESS:PORT, as in 127.0.0.1:9440"};
  size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return bad;
  HttpConfig config;
  config.host = address.substr(0, colon);
  if (config.host.starts_with("[") && config.host.ends_with("]"))
    config.host = config.host.substr(1, config.host.size() - 2);
  const char* begin = address.data() + colon + 1;
  const char* end = address.data() + address.size();
  auto [stop, error] = std::from_chars(begin, end, config.port);
  if (error != std::errc() || stop != end || config.port < 0 || config.port > 65535) return bad;
  config.threads = 2;
  config.streams = 1;
  return config;
}

Result<HttpServer> serve_metrics(const AgentMetrics& metrics, const std::string& address) {
  ASSAY_TRY(HttpConfig config, parse_metrics_address(address));
  HttpServer::Service service;
  service.admit = [](const HttpRequest&) { return HttpAdmission{}; };
  service.describe = [](int status, const std::string& reason) { return plain(status, reason + "\n"); };
  service.handle = [&metrics](const HttpRequest& request) {
    if (request.path != "/metrics" || request.method != "GET")
      return plain(404, "there is only GET /metrics\n");
    return plain(200, metrics.text());
  };
  ASSAY_TRY(HttpServer server, HttpServer::start(config, std::move(service)));
  spdlog::info("event=metrics address={} port={}", config.host, server.port());
  return server;
}

}  // namespace assay
