// The endpoint's HTTP (cpp-httplib), its table of handlers, its faults, and errors in both protocols.
#include "tests/farm/aws_server.h"

#include <httplib.h>

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "tests/farm/sigv4.h"

namespace assay::farm {
namespace {

using Name = std::pair<std::string, std::string>;  // service, operation

constexpr size_t kThreads = 64;

std::string xml_text(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

void answer_with(const AwsAsk& ask, const AwsAnswer& answer, httplib::Response& to) {
  to.status = answer.status;
  to.set_header("x-amzn-RequestId", "8c6a2f5e-0000-4000-8000-000000000000");
  std::string type = ask.query ? "text/xml" : "application/x-amz-json-1.1";
  if (answer.code.empty()) {
    to.set_content(answer.body, type);
  } else if (ask.query) {
    to.set_content(
        "<ErrorResponse "
        "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>" +
            xml_text(answer.code) + "</Code><Message>" + xml_text(answer.message) +
            "</Message></Error><RequestId>8c6a2f5e</RequestId></ErrorResponse>",
        type);
  } else {
    to.set_content(nlohmann::json{{"__type", answer.code}, {"message", answer.message}}.dump(), type);
  }
}

// The codes differ between protocols, as they do at Amazon's.
AwsAnswer refusal(const AwsAsk& ask, const Error& why) {
  bool query = ask.query;
  int status = query ? 403 : 400;
  switch (why.code) {
    case Errc::not_found:
      return aws_error(query ? "MissingAuthenticationToken" : "MissingAuthenticationTokenException",
                       "Missing Authentication Token", status);
    case Errc::invalid:
      return aws_error(query ? "IncompleteSignature" : "IncompleteSignatureException", why.what, status);
    case Errc::denied:
      return aws_error(query ? "InvalidClientTokenId" : "UnrecognizedClientException",
                       "The security token included in the request is invalid.", status);
    case Errc::timeout:
      return aws_error(query ? "SignatureDoesNotMatch" : "InvalidSignatureException", why.what, status);
    default:
      return aws_error(
          query ? "SignatureDoesNotMatch" : "InvalidSignatureException",
          "The request signature we calculated does not match the signature you provided. Check your "
          "AWS Secret Access Key and signing method.",
          status);
  }
}

AwsAnswer expired(const AwsAsk& ask) {
  return aws_error(ask.query ? "ExpiredToken" : "ExpiredTokenException",
                   "The security token included in the request is expired", ask.query ? 403 : 400);
}

SignedRequest as_signed(const httplib::Request& request) {
  SignedRequest out{request.method, request.target, {}, request.body};
  for (const auto& [name, value] : request.headers) out.headers.emplace_back(name, value);
  return out;
}

AwsAsk as_ask(const httplib::Request& request) {
  AwsAsk out;
  out.body = request.body;
  out.host = request.get_header_value("Host");
  std::string target = request.get_header_value("X-Amz-Target");
  out.query = target.empty();
  if (out.query) {
    for (const auto& [name, value] : request.params) out.form[name] = value;
    out.operation = out.form["Action"];
  } else {
    out.operation = target.substr(target.rfind('.') + 1);
  }
  return out;
}

void garble(const AwsAsk& ask, const AwsFault& fault, httplib::Response& to) {
  using Kind = AwsFault::Kind;
  if (fault.retry_after_s) to.set_header("Retry-After", std::to_string(*fault.retry_after_s));
  std::string ending = ask.query ? "" : "Exception";
  switch (fault.kind) {
    case Kind::throttle:
      return answer_with(ask, aws_error("Throttling" + ending, "Rate exceeded"), to);
    case Kind::too_many:
      return answer_with(ask, aws_error("TooManyRequests" + ending, "Slow down", 429), to);
    case Kind::fail:
      return answer_with(ask, aws_error("Server" + ending, "Something is broken", 500), to);
    case Kind::expired:
      return answer_with(ask, expired(ask), to);
    case Kind::skewed:
      return answer_with(
          ask,
          aws_error("RequestTimeTooSkewed",
                    "The difference between the request time and the current time is too large.", 403),
          to);
    case Kind::unavailable:
      to.status = 503;
      return to.set_content("<html><body><h1>503 Service Unavailable</h1></body></html>", "text/html");
    case Kind::cut:
      return to.set_content_provider(1000, "application/x-amz-json-1.1",
                                     [](size_t, size_t, httplib::DataSink&) { return false; });
    default:
      return to.set_content("{\"repositories\": [tru", "application/x-amz-json-1.1");
  }
}

}  // namespace

struct AwsServer::State {
  mutable std::mutex mutex;
  std::map<std::string, AwsKey> keys;
  std::set<std::string> expired_keys;
  std::map<Name, AwsHandler> handlers;
  std::map<std::string, AwsHandler> open_handlers;
  std::vector<AwsFault> faults;
  std::map<std::string, uint64_t> came, answered;
  std::chrono::seconds offset{0};
  httplib::Server server;
  std::thread thread;
  int port = 0;

  std::optional<AwsFault> next_fault(const AwsAsk& ask) {
    std::lock_guard lock(mutex);
    ++came[ask.operation];
    for (auto fault = faults.begin(); fault != faults.end(); ++fault) {
      if (!fault->operation.empty() && fault->operation != ask.operation) continue;
      AwsFault out = *fault;
      if (--fault->times <= 0) faults.erase(fault);
      return out;
    }
    return std::nullopt;
  }

  std::string date_now() const {
    std::lock_guard lock(mutex);
    time_t now = ::time(nullptr) + offset.count();
    tm parts{};
    gmtime_r(&now, &parts);
    char text[64];
    return std::string(text, strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }

  // Who asks, or why not.
  std::optional<AwsAnswer> check(const httplib::Request& request, AwsAsk& ask) {
    std::lock_guard lock(mutex);
    auto secret = [this](const std::string& id) -> std::optional<std::string> {
      auto key = keys.find(id);
      return key == keys.end() ? std::nullopt : std::optional(key->second.secret);
    };
    int64_t now_s = static_cast<int64_t>(::time(nullptr)) + offset.count();
    auto claim = check_signature(as_signed(request), secret, now_s);
    if (!claim) {
      bool open = claim.error().code == Errc::not_found && open_handlers.contains(ask.operation);
      ask.service = "sts";
      return open ? std::nullopt : std::optional(refusal(ask, claim.error()));
    }
    ask.service = claim->service;
    ask.region = claim->region;
    ask.key = keys[claim->key_id];
    if (request.get_header_value("X-Amz-Security-Token") != ask.key.session_token)
      return refusal(ask, Error{Errc::denied, ""});
    if (expired_keys.contains(claim->key_id)) return expired(ask);
    return std::nullopt;
  }

  AwsAnswer answer(const AwsAsk& ask) {
    AwsHandler handler;
    {
      std::lock_guard lock(mutex);
      auto found = handlers.find({ask.service, ask.operation});
      if (found != handlers.end()) handler = found->second;
      auto open = open_handlers.find(ask.operation);
      if (ask.key.id.empty() && open != open_handlers.end()) handler = open->second;
      if (handler) ++answered[ask.operation];
    }
    if (!handler)
      return aws_error(ask.query ? "InvalidAction" : "UnknownOperationException",
                       "no such operation: " + ask.service + " " + ask.operation);
    return handler(ask);
  }

  void serve(const httplib::Request& request, httplib::Response& to) {
    AwsAsk ask = as_ask(request);
    to.set_header("Date", date_now());
    auto fault = next_fault(ask);
    if (fault && fault->kind != AwsFault::Kind::slow) return garble(ask, *fault, to);
    if (fault) std::this_thread::sleep_for(fault->delay);
    auto refused = check(request, ask);
    answer_with(ask, refused ? *refused : answer(ask), to);
  }
};

AwsServer::AwsServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
AwsServer::AwsServer(AwsServer&&) noexcept = default;
AwsServer::~AwsServer() {
  if (!state_) return;
  state_->server.stop();
  if (state_->thread.joinable()) state_->thread.join();
}

Result<AwsServer> AwsServer::start(std::vector<AwsKey> keys) {
  auto state = std::make_unique<State>();
  for (AwsKey& key : keys) state->keys[key.id] = std::move(key);
  State* raw = state.get();
  state->server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  state->server.set_keep_alive_timeout(1);
  state->server.set_keep_alive_max_count(100'000);
  state->server.set_tcp_nodelay(true);
  state->server.Post(
      ".*", [raw](const httplib::Request& request, httplib::Response& to) { raw->serve(request, to); });
  state->port = state->server.bind_to_any_port("127.0.0.1");
  if (state->port <= 0) return Error{Errc::io, "no free port for the AWS endpoint"};
  state->thread = std::thread([raw] { raw->server.listen_after_bind(); });
  while (!raw->server.is_running()) std::this_thread::yield();
  return AwsServer(std::move(state));
}

std::string AwsServer::url() const { return "http://127.0.0.1:" + std::to_string(state_->port); }

void AwsServer::handle(const std::string& service, const std::string& operation, AwsHandler handler) {
  std::lock_guard lock(state_->mutex);
  state_->handlers[{service, operation}] = std::move(handler);
}

void AwsServer::handle_unsigned(const std::string& operation, AwsHandler handler) {
  std::lock_guard lock(state_->mutex);
  state_->open_handlers[operation] = std::move(handler);
}

void AwsServer::inject(AwsFault fault) {
  std::lock_guard lock(state_->mutex);
  state_->faults.push_back(std::move(fault));
}

void AwsServer::add_key(AwsKey key) {
  std::lock_guard lock(state_->mutex);
  state_->expired_keys.erase(key.id);
  state_->keys[key.id] = std::move(key);
}

void AwsServer::expire(const std::string& key_id) {
  std::lock_guard lock(state_->mutex);
  state_->expired_keys.insert(key_id);
}

void AwsServer::set_clock_offset(std::chrono::seconds offset) {
  std::lock_guard lock(state_->mutex);
  state_->offset = offset;
}

uint64_t AwsServer::came(const std::string& operation) const {
  std::lock_guard lock(state_->mutex);
  auto found = state_->came.find(operation);
  return found == state_->came.end() ? 0 : found->second;
}

uint64_t AwsServer::answered(const std::string& operation) const {
  std::lock_guard lock(state_->mutex);
  auto found = state_->answered.find(operation);
  return found == state_->answered.end() ? 0 : found->second;
}

}  // namespace assay::farm
