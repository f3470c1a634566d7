// Proof, payload, filter, rate: in this order, so that a stranger costs nothing but a comparison.
#include "scheduler/hooks/intake.h"

#include <algorithm>
#include <cmath>

#include "common/log.h"
#include "common/text.h"
#include "scheduler/hooks/payload_json.h"
#include "scheduler/sweeps/filter.h"

namespace assay::hooks {
namespace {

constexpr const char* kUnknown = "unknown";  // the metric's hook where there is none of the name
constexpr const char* kLogWhy = "the scheduler's log says why";

Refusal too_large(uint64_t bytes) {
  return {413, "too_large",
          "a payload of " + std::to_string(bytes) + " bytes is larger than the " +
              std::to_string(kMaxPayloadBytes) + " that are taken here"};
}

std::string image_of(const sources::Push& push) { return push.host + "/" + push.repository; }

Submission submission_of(const Hook& hook, const sources::Push& push) {
  Submission out;
  std::string tagged = image_of(push) + (push.tag.empty() ? "" : ":" + push.tag);
  out.job.ref = push.digest.empty() ? tagged : image_of(push) + "@" + push.digest;
  out.job.insecure = hook.insecure;
  out.lane = hook.lane;
  out.tenant = hook.tenant;
  out.labels = {{"hook", hook.name}};
  if (tagged.size() <= kMaxLabelBytes) out.labels.emplace_back("image", tagged);
  out.once = once_key(hook, push);
  return out;
}

}  // namespace

std::string once_key(const Hook& hook, const sources::Push& push) {
  std::string key = push.id;
  if (key.empty())
    key = push.digest.empty() ? image_of(push) + ":" + push.tag + "/" + std::to_string(push.pushed_ns)
                              : image_of(push) + "@" + push.digest;
  std::string whole = "hook/" + hook.name + "/" + key;
  if (whole.size() <= kMaxOnceBytes && printable(whole) == whole) return whole;
  return "hook/" + hook.name + "/" + Digest::of(key).str();
}

Refusal Intake::refuse(const std::string& hook, Refusal refusal) {
  metrics_
      .counter("assay_hook_refusals_total", "Requests to webhooks that were refused.",
               {{"hook", hook}, {"reason", refusal.reason}})
      .add();
  spdlog::info("event=hook_refused hook={} reason={} why=\"{}\"", hook, refusal.reason,
               printable(refusal.message, 300));
  return refusal;
}

void Intake::settled(const Hook& hook, uint64_t started, uint64_t seen, uint64_t left_out) {
  auto count = [&](const char* outcome, uint64_t n) {
    metrics_
        .counter("assay_hook_pushes_total", "Pushes that webhooks and queues told of.",
                 {{"hook", hook.name}, {"outcome", outcome}})
        .add(static_cast<double>(n));
  };
  count("started", started);
  count("seen", seen);
  count("left_out", left_out);
}

std::variant<Hook, Refusal> Intake::admit(const std::string& name, const Proof& proof, uint64_t body_bytes) {
  auto hooks = load_hooks(file_);
  if (!hooks) {
    spdlog::error("event=hooks_unreadable error=\"{}\"", printable(hooks.error().what));
    return refuse(kUnknown, {503, "file", std::string("the hook file cannot be read: ") + kLogWhy});
  }
  auto hook = std::find_if(hooks->begin(), hooks->end(), [&](const Hook& h) { return h.name == name; });
  if (hook == hooks->end())
    return refuse(kUnknown, {404, "unknown", "there is no such hook: `assay hooks list` shows them"});
  if (!signs_body(*hook) && !knows_secret(*hook, proof))
    return refuse(name, {401, "secret",
                         "the secret of this hook is missing or wrong: it was shown when the hook was made, "
                         "docs/hooks.md says where its sender takes it"});
  if (signs_body(*hook) && !proof.signature)
    return refuse(name, {401, "signature",
                         "there is no X-Hub-Signature-256: give the webhook at GitHub the hook's secret"});
  if (body_bytes > kMaxPayloadBytes) return refuse(name, too_large(body_bytes));
  return std::move(*hook);
}

std::variant<Wanted, Refusal> Intake::take(const Hook& hook, const Proof& proof, const HookHead& head,
                                           std::string_view body, Time now) {
  if (body.size() > kMaxPayloadBytes) return refuse(hook.name, too_large(body.size()));
  if (signs_body(hook) && !is_signed(hook, proof.signature, body))
    return refuse(hook.name,
                  {401, "signature", "X-Hub-Signature-256 is not the body's under this hook's secret"});
  return read(hook, head, body, now);
}

std::variant<Wanted, Refusal> Intake::take(const Hook& hook, std::string_view body, Time now) {
  if (body.size() > kMaxPayloadBytes) return refuse(hook.name, too_large(body.size()));
  return read(hook, {}, body, now);
}

std::variant<Wanted, Refusal> Intake::read(const Hook& hook, const HookHead& head, std::string_view body,
                                           Time now) {
  auto pushes = read_payload(hook, head, body);
  if (!pushes) return refuse(hook.name, {400, "payload", printable(pushes.error().what, 500)});
  sweeps::Filter filter;
  filter.repositories = hook.repositories;
  Wanted out;
  for (const sources::Push& push : *pushes) {
    bool wanted = sweeps::takes_repository(filter, push.repository) && (hook.untagged || !push.tag.empty()) &&
                  !is_about_another(push.tag);
    if (wanted)
      out.submissions.push_back(submission_of(hook, push));
    else
      ++out.left_out;
  }
  if (auto over = over_rate(hook, out.submissions.size(), now)) return refuse(hook.name, std::move(*over));
  return out;
}

// A payload is taken whole where there is room for one push; what it takes beyond is owed.
std::optional<Refusal> Intake::over_rate(const Hook& hook, size_t pushes, Time now) {
  if (pushes == 0) return std::nullopt;
  std::lock_guard lock(mutex_);
  if (buckets_.size() > 2 * kMaxHooks) buckets_.clear();  // of hooks that were revoked since
  auto [it, fresh] = buckets_.try_emplace(hook.name, Bucket{static_cast<double>(hook.per_minute), now});
  Bucket& bucket = it->second;
  double per_second = hook.per_minute / 60.0;
  bucket.left += per_second * std::chrono::duration<double>(now - bucket.since).count();
  bucket.left = std::min(bucket.left, static_cast<double>(hook.per_minute));
  bucket.since = now;
  if (bucket.left < 1) {
    auto wait = static_cast<unsigned>(std::clamp(std::ceil((1 - bucket.left) / per_second), 1.0, 3600.0));
    return Refusal{429, "rate",
                   "more than " + std::to_string(hook.per_minute) + " pushes a minute: again after " +
                       std::to_string(wait) + " s",
                   wait};
  }
  bucket.left -= static_cast<double>(pushes);
  return std::nullopt;
}

}  // namespace assay::hooks
