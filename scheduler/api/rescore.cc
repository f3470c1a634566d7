// A kept scan held against the rules in force: what would be otherwise, and, where that is ordered, made so.
#include <nlohmann/json.hpp>

#include "common/text.h"
#include "scheduler/api/call.h"
#include "scheduler/ask.h"

namespace assay::api {
namespace {

using Json = nlohmann::json;

constexpr int kPatience = 6;  // a large trace takes longer than any other question

// {"apply": bool}, or nothing. Errc::invalid names what else there is.
Result<bool> read_apply(const std::string& body) {
  if (body.empty()) return false;
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return Error{Errc::invalid, "the order is no JSON object"};
  for (const auto& [name, value] : json.items())
    if (name != "apply")
      return Error{Errc::invalid, "there is no field '" + printable(name, 64) + "'; there is apply"};
  auto apply = json.find("apply");
  if (apply == json.end()) return false;
  if (!apply->is_boolean()) return Error{Errc::invalid, "apply is true or false"};
  return apply->get<bool>();
}

}  // namespace

HttpResponse rescore_scan(const Call& call) {
  auto apply = read_apply(call.request.body);
  if (!apply) return error_answer(apply.error());
  auto record = call.services.keep.scan(call.route.id);
  if (!record) return error_answer(record.error());
  return ask_loop(call, ask::kRescore, Json{{"scan_id", record->scan_id}, {"apply", *apply}}.dump(),
                  kPatience);
}

}  // namespace assay::api
