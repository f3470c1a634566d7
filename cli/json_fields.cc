// nlohmann::json, with bounds and Results.
#include "cli/json_fields.h"

#include "common/text.h"

namespace assay::cli {

Result<Json> parse_object(std::string_view text, const std::string& what) {
  bool deep = false;
  auto watch = [&](int depth, Json::parse_event_t, Json&) {
    deep = deep || depth > kMaxJsonDepth;
    return !deep;  // what is deeper is not kept
  };
  Json json;
  try {
    json = Json::parse(text, watch);
  } catch (const Json::exception& e) {
    std::string why = e.what();  // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."
    size_t end = why.find("] ");
    return Error{Errc::corrupt,
                 what + " is no JSON: " + why.substr(end == std::string::npos ? 0 : end + 2, 200)};
  }
  if (deep)
    return Error{Errc::corrupt, what + " is nested deeper than " + std::to_string(kMaxJsonDepth) + " levels"};
  if (!json.is_object()) return Error{Errc::corrupt, what + " is not a JSON object"};
  return json;
}

Fields::Fields(const Json& object, std::string what) : object_(object), what_(std::move(what)) {
  if (!object_.is_object()) error_ = Error{Errc::corrupt, what_ + " is not an object"};
}

const Json* Fields::find(const char* name) const {
  if (!object_.is_object()) return nullptr;
  auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool Fields::has(const char* name) const { return find(name) != nullptr; }

void Fields::wrong(const char* name, const std::string& expected) {
  if (!error_) error_ = Error{Errc::corrupt, what_ + ": '" + name + "' is not " + expected};
}

std::string Fields::text(const char* name) {
  const Json* value = find(name);
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  wrong(name, "text");
  return {};
}

bool Fields::flag(const char* name) {
  const Json* value = find(name);
  if (value == nullptr) return false;
  if (value->is_boolean()) return value->get<bool>();
  wrong(name, "true or false");
  return false;
}

double Fields::real(const char* name) {
  const Json* value = find(name);
  if (value == nullptr) return 0;
  if (value->is_number() && std::isfinite(value->get<double>())) return value->get<double>();
  wrong(name, "a number");
  return 0;
}

Labels Fields::labels(const char* name) {
  Labels out;
  const Json* value = object(name);
  if (value == nullptr) return out;
  for (const auto& [key, text] : value->items()) {
    if (!text.is_string() || out.size() == kMaxLabels) {
      wrong(name, "an object of at most " + std::to_string(kMaxLabels) + " texts");
      return {};
    }
    out.emplace_back(key, text.get<std::string>());
  }
  return out;
}

const Json* Fields::object(const char* name) {
  const Json* value = find(name);
  if (value == nullptr || value->is_object()) return value;
  wrong(name, "an object");
  return nullptr;
}

const Json* Fields::list(const char* name) {
  const Json* value = find(name);
  if (value == nullptr || value->is_array()) return value;
  wrong(name, "a list");
  return nullptr;
}

namespace {

Json cleaned(const Json& json) {  // as deep as parse_object() lets through
  if (json.is_string()) return still_printable(json.get_ref<const std::string&>());
  if (!json.is_structured()) return json;
  Json out = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array())
      out.push_back(cleaned(value));
    else
      out[still_printable(key)] = cleaned(value);
  }
  return out;
}

}  // namespace

std::string shown_json(const Json& json) { return cleaned(json).dump(1); }

Result<std::string> shown_answer(std::string_view body) {
  ASSAY_TRY(Json json, parse_object(body, "the server's answer"));
  return shown_json(json) + "\n";
}

}  // namespace assay::cli
