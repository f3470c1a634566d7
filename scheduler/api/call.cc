// Answers and parameters.
#include "scheduler/api/call.h"

#include <algorithm>
#include <charconv>

#include "common/ids.h"
#include "common/text.h"
#include "scheduler/ask.h"

namespace assay::api {

std::variant<ScanRecord, HttpResponse> done_scan(const Call& call, std::string_view what) {
  auto record = call.services.keep.scan(call.route.id);
  if (!record) return error_answer(record.error());
  if (record->state == ScanState::done) return std::move(*record);
  return error_answer(404, "no_" + std::string(what),
                      "scan " + record->scan_id + " is " + to_string(record->state) + ": it has no " +
                          std::string(what) + (record->error.empty() ? "" : " (" + record->error + ")"));
}

HttpResponse json_answer(int status, std::string body) {
  HttpResponse out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

HttpResponse error_answer(int status, std::string_view code, std::string_view message) {
  HttpResponse out = json_answer(status, ask::error_body(code, message));
  if (status == 429 || status == 503) out.headers.emplace_back("Retry-After", "5");
  if (status == 507) out.headers.emplace_back("Retry-After", "60");
  return out;
}

HttpResponse error_answer(const Error& error) {
  return error_answer(ask::http_status(error.code), to_string(error.code), error.what);
}

HttpResponse loop_answer(const Call& call, Result<wire::Answer> answer) {
  if (!answer) {
    if (answer.error().code == Errc::timeout) call.services.metrics.requests_timed_out.add();
    return error_answer(answer.error());
  }
  HttpResponse out = json_answer(static_cast<int>(answer->status), std::move(answer->body));
  if (out.status == 429 || out.status == 503) out.headers.emplace_back("Retry-After", "5");
  if (out.status == 507) out.headers.emplace_back("Retry-After", "60");
  return out;
}

Result<LoopClient> open_loop(const Call& call) {
  return LoopClient::open(call.services.context, call.services.config.clients, call.request.stop_fd);
}

HttpResponse ask_loop(const Call& call, std::string_view op, const std::string& body, int times) {
  auto loop = open_loop(call);
  if (!loop) return error_answer(loop.error());
  return loop_answer(call, loop->ask(op, body, times * call.services.config.answer));
}

Status check_tenant(const Call& call, const std::string& tenant, const std::string& what) {
  if (tenant == call.who.name || call.who.may(kOperate)) return Status();
  return Error{Errc::denied, what + " is another tenant's: this takes operate"};
}

Result<uint64_t> number_parameter(const HttpRequest& request, std::string_view name, uint64_t least,
                                  uint64_t most, uint64_t otherwise) {
  auto text = request.parameter(name);
  if (!text) return otherwise;
  uint64_t value = 0;
  auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc() || end != text->data() + text->size() || value < least || value > most)
    return Error{Errc::invalid, std::string(name) + " '" + printable(*text, 40) + "' is not a number from " +
                                    std::to_string(least) + " to " + std::to_string(most)};
  return value;
}

Result<std::string> id_parameter(const HttpRequest& request, std::string_view name) {
  auto text = request.parameter(name);
  if (!text) return std::string();
  if (!is_scan_id(*text))
    return Error{Errc::invalid, std::string(name) + " '" + printable(*text, 64) + "' is no id"};
  return *text;
}

Status check_parameters(const HttpRequest& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.query) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string list;
    for (std::string_view word : known) list += (list.empty() ? "" : ", ") + std::string(word);
    return Error{Errc::invalid, "there is no parameter '" + printable(name, 64) + "'" +
                                    (list.empty() ? "" : "; there are " + list)};
  }
  return Status();
}

}  // namespace assay::api
