// The admission webhook's routes: who may ask, by which policy, and the way of a review to its answer.
#include <algorithm>

#include "common/log.h"
#include "common/text.h"
#include "gateway/admission.h"
#include "gateway/judge.h"
#include "gateway/routes.h"

namespace assay::gateway {
namespace {

using decisions::Decision;
using decisions::Outcome;

// By the client's certificate, where one is wanted.
std::optional<HttpResponse> refuse_stranger(const Services& services, const HttpRequest& head) {
  const AdmissionSettings& admission = services.settings.admission;
  if (!admission.client_wanted) return std::nullopt;
  if (!head.client_name)
    return error_answer(401, "unauthorized",
                        "a client certificate is wanted here: see docs/admission.md, \"Who may ask\"");
  const auto& names = admission.client_names;
  if (!names.empty() && std::find(names.begin(), names.end(), *head.client_name) == names.end())
    return error_answer(403, "denied",
                        "the client certificate of '" + *head.client_name + "' is not one that may ask");
  return std::nullopt;
}

void count(GatewayMetrics& metrics, const Decision& decision) {
  if (decision.outcome == Outcome::pass)
    metrics.images_passed.add();
  else
    (decision.outcome == Outcome::warn ? metrics.images_warned : metrics.images_failed).add();
}

void count(GatewayMetrics& metrics, const Review& review, const ReviewAnswer& answer) {
  if (!answer.allowed)
    metrics.denied.add();
  else if (!review.unjudged.empty())
    metrics.unjudged.add();
  else
    (answer.warnings.empty() ? metrics.allowed : metrics.warned).add();
}

void log(const Review& review, const ReviewAnswer& answer) {
  if (!review.unjudged.empty()) return;
  spdlog::info(
      "event=review uid={} operation={} kind={} namespace={} name={} images={} allowed={} warnings={} "
      "why=\"{}\"",
      printable(review.uid, 64), review.operation, review.kind, review.name_space, review.name,
      review.images.size(), answer.allowed, answer.warnings.size(), answer.message);
}

HttpResponse malformed(const Call& call, const Error& error) {
  call.services.metrics.malformed.add();
  spdlog::warn("event=review_malformed peer={} error=\"{}\"", call.request.peer, printable(error.what, 500));
  return error_answer(400, to_string(error.code), error.what);
}

HttpResponse review(const Call& call) {
  GatewayMetrics& metrics = call.services.metrics;
  auto policy = call.services.policies.find(call.words.empty() ? "" : call.words[0]);
  if (!policy) return error_answer(404, "not_found", policy.error().what);
  auto read = parse_review(call.request.body);
  if (!read) return malformed(call, read.error());
  auto time = time_to_answer(call.request.parameter("timeout").value_or(""),
                             call.services.settings.admission.longest);
  auto limit = TimeLimit::until(call.began + time, call.request.stop_fd);
  if (!limit) return error_answer(500, "io", limit.error().what);
  Judge judge(call.services, *policy, *limit, !read->dry_run);
  std::vector<Decision> decisions;
  if (read->too_many) read->images.clear();  // denied, whatever they are
  for (const std::string& image : read->images) {
    decisions.push_back(judge.judge(image));
    count(metrics, decisions.back());
  }
  ReviewAnswer answer = answer_of(*read, decisions);
  count(metrics, *read, answer);
  metrics.review_seconds.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - call.began).count());
  log(*read, answer);
  return json_answer(200, review_json(read->uid, answer));
}

constexpr Route kRoutes[] = {
    {"POST", "/admit", kMaxReviewBytes, true, review, refuse_stranger},
    {"POST", "/admit/{policy}", kMaxReviewBytes, true, review, refuse_stranger},
};

}  // namespace

std::span<const Route> admission_routes() { return kRoutes; }

}  // namespace assay::gateway
