// The farm as a whole: agents, queue, capacity, reload, health, metrics.
#include <chrono>
#include <nlohmann/json.hpp>

#include "common/certificate.h"
#include "common/rfc3339.h"
#include "common/text.h"
#include "common/version.h"
#include "scheduler/api/call.h"
#include "scheduler/api/openapi.h"
#include "scheduler/ask.h"

namespace assay::api {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxSeconds = 366ull * 24 * 3600;
constexpr std::chrono::milliseconds kHealthAnswer{2000};

// How far away the time is that the query names; an hour when it names none.
Result<uint64_t> seconds_asked(const HttpRequest& request) {
  ASSAY_CHECK(check_parameters(request, {"by", "in", "in_s", "min", "max"}));
  auto by = request.parameter("by");
  const char* in = request.parameter("in_s") ? "in_s" : "in";  // the first is its name of before
  if (request.parameter("in") && request.parameter("in_s"))
    return Error{Errc::invalid, "in and in_s are the same: one of them, please"};
  if (!by) return number_parameter(request, in, 1, kMaxSeconds, 3600);
  if (request.parameter(in)) return Error{Errc::invalid, "by and " + std::string(in) + " exclude each other"};
  ASSAY_TRY(int64_t unix_s, parse_rfc3339(*by));
  int64_t now_s =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  if (unix_s <= now_s) return Error{Errc::invalid, "by '" + printable(*by, 64) + "' is not in the future"};
  return std::min<uint64_t>(static_cast<uint64_t>(unix_s - now_s), kMaxSeconds);
}

}  // namespace

HttpResponse list_agents(const Call& call) { return ask_loop(call, ask::kAgents, "{}"); }

HttpResponse set_agent_mode(const Call& call) {
  const std::string& order = call.route.word;
  if (order != "drain" && order != "undrain" && order != "fence" && order != "unfence")
    return error_answer(404, "not_found",
                        "'" + printable(order, 40) + "' is none of drain, undrain, fence and unfence");
  return ask_loop(call, ask::kAgentMode,
                  Json{{"name", printable(call.route.id, 64)}, {"mode", order}}.dump());
}

HttpResponse forget_agent(const Call& call) {
  Status known = check_parameters(call.request, {"fenced"});
  if (!known) return error_answer(known.error());
  std::string fenced = call.request.parameter("fenced").value_or("false");
  if (fenced != "true" && fenced != "false") return error_answer({Errc::invalid, "fenced is true or false"});
  return ask_loop(call, ask::kAgentForget,
                  Json{{"name", printable(call.route.id, 64)}, {"fenced", fenced == "true"}}.dump());
}

HttpResponse show_queue(const Call& call) { return ask_loop(call, ask::kQueue, "{}"); }

HttpResponse show_capacity(const Call& call) {
  auto seconds = seconds_asked(call.request);
  if (!seconds) return error_answer(seconds.error());
  auto least = number_parameter(call.request, "min", 0, ask::kMostAgents, 0);
  if (!least) return error_answer(least.error());
  auto most = number_parameter(call.request, "max", *least, ask::kMostAgents, ask::kMostAgents);
  if (!most) return error_answer(most.error());
  return ask_loop(call, ask::kCapacity, Json{{"seconds", *seconds}, {"min", *least}, {"max", *most}}.dump());
}

HttpResponse reload(const Call& call) { return ask_loop(call, ask::kReload, "{}"); }

// Says no more than whether submissions would be taken: anybody may ask.
HttpResponse show_health(const Call& call) {
  auto loop = open_loop(call);
  if (!loop) return error_answer(loop.error());
  auto answer = loop->ask(ask::kQueue, "{}", std::min(kHealthAnswer, call.services.config.answer));
  if (!answer) return error_answer(503, "unhealthy", "the scheduler's loop does not answer");
  auto queue = Json::parse(answer->body, nullptr, false);
  bool stalled = queue.is_object() && queue.contains("stalled") && queue["stalled"] == true;
  return json_answer(200, Json{{"status", stalled ? "stalled" : "ok"}, {"version", kVersion}}.dump());
}

HttpResponse show_metrics(const Call& call) {
  show_certificate_end(call.services.config.http.tls, call.services.metrics.certificate_end);
  HttpResponse out = json_answer(200, call.services.all_metrics.text());
  out.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return out;
}

HttpResponse show_openapi(const Call&) {
  HttpResponse out = json_answer(200, std::string(openapi_text()));
  out.content_type = "application/yaml";
  return out;
}

}  // namespace assay::api
