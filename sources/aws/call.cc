// The loop of one call: credentials, request, and what is made of the answer.
#include "sources/aws/call.h"

#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "sources/aws/backoff.h"
#include "sources/aws/call_errors.h"
#include "sources/aws/endpoint.h"

namespace assay::sources::aws {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kLargest = 32 << 20;

// What one try came to: an answer, or an error and what to do about it.
struct Try {
  std::string answer;
  Error error{Errc::io, ""};
  Next next = Next::give_up;
  milliseconds asked{0};  // to be left alone for
  bool good = false;
};

bool may_pass(Errc code) { return code == Errc::unreachable || code == Errc::timeout; }

}  // namespace

struct Client::State {
  Service service;
  CredentialChain& chain;
  Http http;
  Retries retries;
  Backoff backoff;
  uint64_t throttled = 0;

  State(Service of, CredentialChain& by, int stop_fd, Retries how)
      : service(std::move(of)), chain(by), http(stop_fd), retries(how), backoff(how.first, how.longest) {}

  std::string what(const std::string& operation) const {
    return service.name + " " + operation + " in " + service.region;
  }

  HttpAsk request(const std::string& url, const std::string& operation, const std::string& json,
                  const Credentials& as) const {
    HttpAsk ask;
    ask.method = "POST";
    ask.url = url;
    ask.headers = {{"Content-Type", "application/x-amz-json-" + service.json_version},
                   {"X-Amz-Target", service.target + "." + operation}};
    ask.body = json;
    ask.signing = HttpSigning{service.region, service.name, as.key_id, as.secret, as.session_token};
    ask.limit_bytes = kLargest;
    return ask;
  }

  Try once(const HttpAsk& ask, const std::string& operation, const Credentials& as) {
    Try out;
    auto reply = http.ask(ask);
    if (!reply) {
      out.error = {reply.error().code, what(operation) + ": " + without_secrets(reply.error().what, as)};
      out.next = may_pass(reply.error().code) ? Next::again : Next::give_up;
      return out;
    }
    if (reply->status == 200) return read(std::move(*reply), operation);
    Refusal refusal = read_refusal(*reply);
    out.error = refused(what(operation), *reply, refusal, as, wall_s());
    out.next = what_next(reply->status, refusal.code);
    out.asked = reply->retry_after(wall_s()).value_or(milliseconds(0));
    return out;
  }

  // An answer with an empty body is one: DeleteMessage of SQS.
  Try read(HttpReply reply, const std::string& operation) const {
    Try out;
    out.answer = reply.body.empty() ? "{}" : std::move(reply.body);
    out.good = nlohmann::json::parse(out.answer, nullptr, false).is_object();
    if (!out.good) {
      out.error = {Errc::corrupt,
                   what(operation) + ": the answer is no JSON object; is this an AWS endpoint?"};
      out.next = Next::again;
    }
    return out;
  }

  // Nothing: try again.
  Status wait(const Try& last, int tries, steady_clock::time_point end) {
    std::string times = " (after " + std::to_string(tries) + (tries == 1 ? " try)" : " tries)");
    Error error{last.error.code, last.error.what + times};
    if (tries >= retries.tries) return error;
    milliseconds time = backoff.next(tries, last.asked);
    if (steady_clock::now() + time >= end) return error;
    return http.pause(time);
  }
};

Client::Client(Service service, CredentialChain& chain, int stop_fd, Retries retries)
    : state_(std::make_unique<State>(std::move(service), chain, stop_fd, retries)) {}
Client::Client(Client&&) noexcept = default;
Client::~Client() = default;

Result<std::string> Client::call(const std::string& operation, const std::string& json) {
  State& state = *state_;
  auto end = steady_clock::now() + state.retries.whole;
  ASSAY_TRY(std::string url, endpoint_url(state.service.name, state.service.region, state.service.endpoint));
  bool renewed = false;
  for (int tries = 1;; ++tries) {
    ASSAY_TRY(Credentials as, state.chain.get(wall_s()));
    Try last = state.once(state.request(url, operation, json, as), operation, as);
    if (last.good) return std::move(last.answer);
    if (last.next == Next::renew && !renewed) {
      renewed = true;
      state.chain.forget();
      continue;
    }
    if (last.next == Next::throttled) ++state.throttled;
    if (last.next == Next::give_up || last.next == Next::renew) return last.error;
    ASSAY_CHECK(state.wait(last, tries, end));
  }
}

uint64_t Client::throttled() const { return state_->throttled; }

}  // namespace assay::sources::aws
