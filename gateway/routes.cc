// The tables together, and a path held against them.
#include "gateway/routes.h"

#include <array>
#include <nlohmann/json.hpp>

#include "common/path_pattern.h"
#include "common/text.h"

namespace assay::gateway {
namespace {

HttpResponse show_health(const Call&) { return json_answer(200, R"({"status":"ok"})"); }

// That the process answers: whether the scheduler does is what policies are for, and its own health.
constexpr Route kOwn[] = {{"GET", "/healthz", 4096, true, show_health, nullptr}};

}  // namespace

Matched match(std::string_view method, std::string_view path) {
  Matched out;
  for (std::span<const Route> table : {std::span<const Route>(kOwn), admission_routes(), harbor_routes()})
    for (const Route& route : table) {
      auto words = match_path(route.path, path);
      if (!words) continue;
      if (route.method == method) return {&route, std::move(*words), ""};
      out.allowed += (out.allowed.empty() ? "" : ", ") + std::string(route.method);
    }
  return out;
}

HttpResponse json_answer(int status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

HttpResponse error_answer(int status, std::string_view code, std::string_view message) {
  nlohmann::ordered_json body = {{"error", {{"code", code}, {"message", still_printable(message, 2000)}}}};
  HttpResponse out = json_answer(status, body.dump());
  if (status == 429 || status == 503) out.headers.emplace_back("Retry-After", "5");
  return out;
}

}  // namespace assay::gateway
