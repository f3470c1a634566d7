// routes: which paths the gateway has, who may use them, how large a body each takes, and what answers. Each
// product's routes are a table of its own (admission_routes.cc; Harbor's adapter its own); all are listed in
// routes.cc.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/http_server.h"
#include "gateway/config.h"
#include "gateway/decision_cache.h"
#include "gateway/metrics.h"
#include "gateway/policies.h"

namespace assay::gateway {

/// What the handlers share. Borrowed; each may be used from any thread.
struct Services {
  const Settings& settings;
  Policies& policies;
  DecisionCache& cache;
  GatewayMetrics& metrics;
};

/// One request on its way through a handler.
struct Call {
  const Services& services;
  const HttpRequest& request;
  std::vector<std::string> words;               // what stands for each "{...}" of the route's path
  std::chrono::steady_clock::time_point began;  // when the request had come in whole
};

struct Route {
  std::string_view method;
  std::string_view path;  // see common/path_pattern.h
  size_t max_body_bytes = 0;
  bool any_type = false;  // of the body: another Content-Type than application/json, too
  HttpResponse (*handle)(const Call&) = nullptr;
  /// By the head alone, before a body is read: who asks. The answer that refuses it, or nothing; null:
  /// anybody may.
  std::optional<HttpResponse> (*refuse)(const Services&, const HttpRequest& head) = nullptr;
};

/// The tables of each product.
std::span<const Route> admission_routes();
std::span<const Route> harbor_routes();

/// The route of a request, and the words of its path. Null: none; `allowed` are the path's methods then, if
/// only the method is wrong: "GET, POST".
struct Matched {
  const Route* route = nullptr;
  std::vector<std::string> words;
  std::string allowed;
};
Matched match(std::string_view method, std::string_view path);

/// {"error": {"code": CODE, "message": MESSAGE}}; both made printable.
HttpResponse error_answer(int status, std::string_view code, std::string_view message);
HttpResponse json_answer(int status, std::string body);

}  // namespace assay::gateway
