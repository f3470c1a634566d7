// POST /v1/hooks/NAME[/SECRET]: what senders tell, submitted (scheduler/hooks). No token is asked for but the
// hook's own secret.
#include <charconv>
#include <nlohmann/json.hpp>

#include "scheduler/api/call.h"
#include "scheduler/ask.h"
#include "scheduler/hooks/intake.h"

namespace assay::api {
namespace {

using Json = nlohmann::ordered_json;

// What admit_hook() leaves for take_hook().
struct Known {
  hooks::Hook hook;
  hooks::Proof proof;
};

HttpResponse refusal_answer(const hooks::Refusal& refusal) {
  const char* code = refusal.status == 401   ? "unauthorized"
                     : refusal.status == 404 ? "not_found"
                     : refusal.status == 413 ? "too_large"
                     : refusal.status == 429 ? "limit"
                     : refusal.status == 503 ? "hooks"
                                             : "invalid";
  HttpResponse out = json_answer(refusal.status, ask::error_body(code, refusal.message));
  unsigned retry_s = refusal.status == 503 ? 5 : refusal.retry_s;
  if (retry_s > 0) out.headers.emplace_back("Retry-After", std::to_string(retry_s));
  return out;
}

// The head's, which the server has looked at: one number, or none.
uint64_t declared_bytes(const HttpRequest& head) {
  uint64_t bytes = 0;
  std::string text = head.header("content-length").value_or("");
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes;
}

hooks::HookHead head_of(const HttpRequest& request) {
  for (const char* name : {"x-github-event", "x-gitlab-event"})
    if (auto event = request.header(name)) return {*event};
  return {};
}

}  // namespace

HttpAdmission admit_hook(const Services& services, const HttpRequest& head, const Matched& route) {
  HttpAdmission out;
  if (services.config.hooks == nullptr) {
    out.refused = error_answer(404, "not_found", "this scheduler takes no webhooks");
    return out;
  }
  hooks::Proof proof{head.header("authorization"), head.header("x-gitlab-token"), head.header("x-api-key"),
                     head.header("x-hub-signature-256"), route.word};
  auto hook = services.config.hooks->admit(route.id, proof, declared_bytes(head));
  if (const auto* refusal = std::get_if<hooks::Refusal>(&hook)) {
    out.refused = refusal_answer(*refusal);
    return out;
  }
  out.any_type = true;  // senders name types of their own
  out.admitted = Known{std::move(std::get<hooks::Hook>(hook)), std::move(proof)};
  return out;
}

HttpResponse take_hook(const Call& call) {
  hooks::Intake& intake = *call.services.config.hooks;
  const auto& [hook, proof] = *std::any_cast<Known>(call.admitted);
  auto read =
      intake.take(hook, proof, head_of(call.request), call.request.body, std::chrono::steady_clock::now());
  if (const auto* refusal = std::get_if<hooks::Refusal>(&read)) return refusal_answer(*refusal);
  auto& wanted = std::get<hooks::Wanted>(read);
  wire::Accepted accepted;
  if (!wanted.submissions.empty()) {
    auto loop = open_loop(call);
    if (!loop) return error_answer(loop.error());
    auto done = loop->submit_once(std::move(wanted.submissions), call.services.config.answer);
    if (!done) {
      if (done.error().code == Errc::timeout) call.services.metrics.requests_timed_out.add();
      HttpResponse out = error_answer(done.error());
      intake.refuse(hook.name, {out.status, "submit", done.error().what});
      return out;
    }
    accepted = std::move(*done);
  }
  Json started = Json::array();
  for (uint32_t i = 0, next = 0; i < accepted.scan_ids.size(); ++i) {
    bool seen = next < accepted.taken.size() && accepted.taken[next] == i;
    if (seen)
      ++next;
    else
      started.push_back(accepted.scan_ids[i]);
  }
  intake.settled(hook, started.size(), accepted.taken.size(), wanted.left_out);
  return json_answer(
      202, Json{{"started", started}, {"seen", accepted.taken.size()}, {"left_out", wanted.left_out}}.dump());
}

}  // namespace assay::api
