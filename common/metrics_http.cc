// One path.
#include "common/metrics_http.h"

#include <tuple>

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
  auto parsed = parse_http_address(address);
  if (!parsed)
    return Error{Errc::invalid, "metrics '" + address + "' is no ADDRESS:PORT, as in 127.0.0.1:9440"};
  HttpConfig config;
  std::tie(config.host, config.port) = *parsed;
  config.threads = 2;
  config.streams = 1;
  return config;
}

Result<HttpServer> serve_metrics(std::function<std::string()> text, const std::string& address) {
  ASSAY_TRY(HttpConfig config, parse_metrics_address(address));
  HttpServer::Service service;
  service.admit = [](const HttpRequest&) { return HttpAdmission{}; };
  service.describe = [](int status, const std::string& reason) { return plain(status, reason + "\n"); };
  service.handle = [text = std::move(text)](const HttpRequest& request) {
    if (request.path != "/metrics" || request.method != "GET")
      return plain(404, "there is only GET /metrics\n");
    return plain(200, text());
  };
  ASSAY_TRY(HttpServer server, HttpServer::start(config, std::move(service)));
  spdlog::info("event=metrics address={} port={}", config.host, server.port());
  return server;
}

}  // namespace assay
