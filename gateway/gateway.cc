// From a request to its handler.
#include "gateway/gateway.h"

#include <array>
#include <optional>

#include "common/certificate.h"
#include "common/log.h"
#include "common/metrics_http.h"
#include "common/text.h"
#include "common/tls_log.h"
#include "gateway/harbor/access.h"
#include "gateway/routes.h"

namespace assay::gateway {
namespace {

HttpResponse no_such_route(const HttpRequest& request, const Matched& matched) {
  if (matched.allowed.empty()) return error_answer(404, "not_found", "there is no " + request.path);
  HttpResponse out =
      error_answer(405, "method", request.path + " takes " + matched.allowed + ", not " + request.method);
  out.headers.emplace_back("Allow", matched.allowed);
  return out;
}

HttpAdmission admit(const Services& services, const HttpRequest& head) {
  HttpAdmission out;
  Matched matched = match(head.method, head.path);
  if (matched.route == nullptr) {
    out.refused = no_such_route(head, matched);
    return out;
  }
  if (matched.route->refuse != nullptr) out.refused = matched.route->refuse(services, head);
  out.max_body_bytes = matched.route->max_body_bytes;
  out.any_type = matched.route->any_type;
  out.admitted = std::move(matched);
  return out;
}

HttpResponse handle(const Services& services, const HttpRequest& request) {
  const auto& matched = *std::any_cast<Matched>(&request.admitted);
  Call call{services, request, matched.words, std::chrono::steady_clock::now()};
  return matched.route->handle(call);
}

void count(GatewayMetrics& metrics, const HttpResponse& answer) {
  if (answer.status < 400)
    metrics.http_ok.add();
  else
    (answer.status < 500 ? metrics.http_refused : metrics.http_failed).add();
}

HttpServer::Service service_of(const Services& services) {
  HttpServer::Service out;
  out.admit = [&services](const HttpRequest& head) {
    HttpAdmission admission = admit(services, head);
    if (admission.refused) count(services.metrics, *admission.refused);
    return admission;
  };
  out.handle = [&services](const HttpRequest& request) {
    HttpResponse answer = handle(services, request);
    count(services.metrics, answer);
    return answer;
  };
  out.describe = [&services](int status, const std::string& reason) {
    HttpResponse answer = error_answer(status, status >= 500 ? "busy" : "invalid", reason);
    count(services.metrics, answer);
    return answer;
  };
  return out;
}

}  // namespace

struct Gateway::State {
  Settings settings;
  Policies policies;
  DecisionCache cache;
  GatewayMetrics metrics;
  Services services{settings, policies, cache, metrics};
  std::optional<HttpServer> metrics_server;
  std::optional<HttpServer> server;  // last: its threads use the rest

  State(const Settings& from, Policies loaded)
      : settings(from), policies(std::move(loaded)), cache(from.cache_size, from.cache_time) {}
};

Result<Gateway> Gateway::start(const Settings& settings) {
  ASSAY_CHECK(harbor::check_credential_file(settings.scanner));
  ASSAY_TRY(std::string token, read_token(settings.farm.token_file));
  ASSAY_TRY(Policies policies, Policies::load(settings.policy_files));
  auto state = std::make_unique<State>(settings, std::move(policies));
  const State* shared = state.get();
  if (!settings.metrics.empty()) {
    ASSAY_TRY(state->metrics_server, serve_metrics(
                                         [shared] {
                                           show_certificate_end(shared->settings.http.tls,
                                                                shared->metrics.certificate_end);
                                           return shared->metrics.text();
                                         },
                                         settings.metrics));
  }
  HttpConfig http = settings.http;
  http.tls_notice = log_renewals();
  if (!http.tls) spdlog::warn("event=no_tls what=\"answers in the clear: give cert and key\"");
  ASSAY_TRY(HttpServer server, HttpServer::start(http, service_of(state->services)));
  state->server.emplace(std::move(server));
  return Gateway(std::move(state));
}

Status Gateway::reload() {
  ASSAY_CHECK(state_->server->reload_tls());
  return state_->policies.reload();
}

int Gateway::port() const { return state_->server->port(); }

Gateway::Gateway(std::unique_ptr<State> state) : state_(std::move(state)) {}
Gateway::Gateway(Gateway&&) noexcept = default;
Gateway& Gateway::operator=(Gateway&&) noexcept = default;
Gateway::~Gateway() = default;

Status check(const Settings& settings) {
  ASSAY_CHECK(harbor::check_credential_file(settings.scanner));
  ASSAY_TRY(std::string token, read_token(settings.farm.token_file));
  ASSAY_TRY(Policies policies, Policies::load(settings.policy_files));
  if (settings.http.tls) {
    ASSAY_TRY(TlsServer tls, TlsServer::open(*settings.http.tls));
  }
  return Status();
}

}  // namespace assay::gateway
