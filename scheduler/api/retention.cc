// What is to go, and what is to stay: retention at once or as a dry run, and pins.
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "scheduler/api/call.h"
#include "scheduler/ask.h"

namespace assay::api {
namespace {

using Json = nlohmann::json;

// An object, or empty; with no other field than this.
Result<Json> body_of(const Call& call, const char* field) {
  if (call.request.body.empty()) return Json::object();
  Json body = Json::parse(call.request.body, nullptr, false);
  if (!body.is_object()) return Error{Errc::invalid, "the body is no JSON object"};
  for (const auto& item : body.items())
    if (item.key() != field)
      return Error{Errc::invalid,
                   "'" + printable(item.key(), 64) + "' is no field here: only " + field + " is"};
  return body;
}

HttpResponse set_pin(const Call& call, const std::string& reason) {
  auto record = call.services.keep.scan(call.route.id);
  if (!record) return error_answer(record.error());
  Status ours = check_tenant(call, record->submission.tenant, "scan " + record->scan_id);
  if (!ours) return error_answer(ours.error());
  return ask_loop(call, ask::kPin, Json{{"scan_id", record->scan_id}, {"reason", reason}}.dump());
}

}  // namespace

HttpResponse post_prune(const Call& call) {
  auto body = body_of(call, "dry_run");
  if (!body) return error_answer(body.error());
  Json dry_run = body->value("dry_run", Json(true));
  if (!dry_run.is_boolean()) return error_answer({Errc::invalid, "dry_run is true or false"});
  return ask_loop(call, ask::kPrune, Json{{"dry_run", dry_run}}.dump());
}

HttpResponse pin_scan(const Call& call) {
  auto body = body_of(call, "reason");
  if (!body) return error_answer(body.error());
  Json reason = body->value("reason", Json(""));
  if (!reason.is_string()) return error_answer({Errc::invalid, "reason is a text"});
  auto text = reason.get<std::string>();
  return set_pin(call, text.empty() ? "pinned by " + call.who.name : text);
}

HttpResponse unpin_scan(const Call& call) { return set_pin(call, ""); }

}  // namespace assay::api
