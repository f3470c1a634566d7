// From a request to its handler: route, token, role.
#include "scheduler/api/api.h"

#include "common/log.h"
#include "common/text.h"
#include "scheduler/api/call.h"
#include "scheduler/ask.h"

namespace assay::api {
namespace {

// What admit() leaves for handle().
struct Admitted {
  Matched route;
  Token who;
  std::any own{};  // of the route's own admit()
};

HttpResponse no_such_route(const HttpRequest& request, const Matched& matched) {
  if (matched.allowed.empty())
    return error_answer(404, "not_found",
                        "there is no " + request.path + "; GET /v1/openapi.yaml lists what there is");
  HttpResponse out =
      error_answer(405, "method", request.path + " takes " + matched.allowed + ", not " + request.method);
  out.headers.emplace_back("Allow", matched.allowed);
  return out;
}

HttpResponse unknown_token(const std::string& message) {
  HttpResponse out = error_answer(401, "unauthorized", message);
  out.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

// Who asks, or how that is refused.
std::variant<Token, HttpResponse> identify(const Services& services, const HttpRequest& head,
                                           const Route& route) {
  constexpr std::string_view kScheme = "Bearer ";
  if (!head.authorization.starts_with(kScheme))
    return unknown_token("a token is needed: Authorization: Bearer TOKEN (`assay tokens new` makes one)");
  auto tokens = load_tokens(services.config.token_file);
  if (!tokens) {
    spdlog::error("event=tokens_unreadable error=\"{}\"", printable(tokens.error().what));
    return error_answer(503, "tokens", "the token file cannot be read: the scheduler's log says why");
  }
  const Token* token = find_token(*tokens, std::string_view(head.authorization).substr(kScheme.size()));
  if (token == nullptr) return unknown_token("this token is not known here");
  if (!token->may(route.roles))
    return error_answer(403, "denied",
                        "token '" + token->name + "' has the roles " + to_string(token->roles) +
                            "; this takes " + to_string(route.roles));
  return *token;
}

HttpAdmission admit(const Services& services, const HttpRequest& head) {
  HttpAdmission out;
  Admitted admitted{match(head.method, head.path), {}};
  const Route* route = admitted.route.route;
  if (route == nullptr) {
    out.refused = no_such_route(head, admitted.route);
    return out;
  }
  if (route->roles != 0) {
    auto who = identify(services, head, *route);
    if (auto* refused = std::get_if<HttpResponse>(&who)) {
      out.refused = std::move(*refused);
      return out;
    }
    admitted.who = std::move(std::get<Token>(who));
  }
  if (route->admit != nullptr) {
    out = route->admit(services, head, admitted.route);
    admitted.own = std::move(out.admitted);
    if (out.refused) return out;
  }
  out.max_body_bytes = route->max_body_bytes;
  out.admitted = std::move(admitted);
  return out;
}

// One line for what an operator did; submissions are logged by the loop.
void log_order(const Call& call, const HttpResponse& answer) {
  if (call.request.method == "GET") return;
  // A path may end in a hook's secret.
  std::string path = call.route.word.empty() || call.route.route->admit == nullptr
                         ? call.request.path
                         : "/v1/hooks/" + call.route.id;
  spdlog::info("event=api tenant={} method={} path={} status={}", call.who.name, call.request.method,
               printable(path, 200), answer.status);
}

HttpResponse handle(const Services& services, const HttpRequest& request) {
  const auto& admitted = *std::any_cast<Admitted>(&request.admitted);
  Call call{services, request, admitted.route, admitted.who, &admitted.own};
  HttpResponse answer = admitted.route.route->handle(call);
  log_order(call, answer);
  return answer;
}

const char* code_for(int status) {
  switch (status) {
    case 411:
      return "length_required";
    case 413:
    case 414:
    case 431:
      return "too_large";
    case 415:
      return "unsupported";
    case 503:
      return "busy";
    default:
      return status >= 500 ? "io" : "invalid";
  }
}

}  // namespace

struct Api::State {
  Services services;
  std::optional<HttpServer> server;  // last: its threads use the rest

  void count(const HttpResponse& answer) const {
    size_t row = static_cast<size_t>(answer.status / 100 - 2);
    if (row < services.metrics.requests.size()) services.metrics.requests[row].add();
  }
};

Result<Api> Api::start(const Context& context, const ApiConfig& config, Store& store,
                       SchedulerMetrics& metrics, const Metrics& all_metrics) {
  auto tokens = load_tokens(config.token_file);
  if (!tokens) return tokens.error().context("`assay tokens new` makes one");
  auto state = std::make_unique<State>(
      State{{context, config, Keep(store), metrics, all_metrics, sweeps::Records(store)}, {}});
  const State* shared = state.get();
  HttpServer::Service service;
  service.admit = [shared](const HttpRequest& head) {
    HttpAdmission out = api::admit(shared->services, head);
    if (out.refused) shared->count(*out.refused);
    return out;
  };
  service.handle = [shared](const HttpRequest& request) {
    HttpResponse out = api::handle(shared->services, request);
    shared->count(out);
    return out;
  };
  service.describe = [shared](int status, const std::string& reason) {
    HttpResponse out = error_answer(status, code_for(status), reason);
    shared->count(out);
    return out;
  };
  ASSAY_TRY(HttpServer server, HttpServer::start(config.http, std::move(service)));
  state->server.emplace(std::move(server));
  return Api(std::move(state));
}

Api::Api(std::unique_ptr<State> state) : state_(std::move(state)) {}
Api::Api(Api&&) noexcept = default;
Api& Api::operator=(Api&&) noexcept = default;
Api::~Api() = default;

int Api::port() const { return state_->server->port(); }

}  // namespace assay::api
