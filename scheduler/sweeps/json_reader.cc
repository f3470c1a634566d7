// nlohmann's parser with a look at the keys, and typed access to an object's fields.
#include "scheduler/sweeps/json_reader.h"

#include <limits>

namespace assay::sweeps {

Result<Json> parse_object(std::string_view text, const std::string& what) {
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  std::string twice;
  auto look = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && twice.empty()) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) twice = key;
    }
    return true;
  };
  Json json = Json::parse(text, look, false);
  if (!twice.empty())
    return Error{Errc::invalid, what + ": field '" + printable(twice, 64) + "' is given twice"};
  if (!json.is_object()) return Error{Errc::invalid, what + " is not a JSON object"};
  return json;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

const Json* Fields::take(const char* name) {
  asked_.insert(name);
  if (!good_) return nullptr;
  auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Fields::fail(const std::string& name, const std::string& rule) {
  if (!good_) return;
  good_ = false;
  wrong_ = place_ + name + " " + rule;
}

bool Fields::text(const char* name, std::string& to) {
  const Json* value = take(name);
  if (value == nullptr) return false;
  if (!value->is_string()) return fail(name, "is not text"), false;
  to = value->get<std::string>();
  return true;
}

bool Fields::flag(const char* name, bool& to) {
  const Json* value = take(name);
  if (value == nullptr) return false;
  if (!value->is_boolean()) return fail(name, "is not true or false"), false;
  to = value->get<bool>();
  return true;
}

bool Fields::number(const char* name, uint64_t& to, uint64_t most) {
  const Json* value = take(name);
  if (value == nullptr) return false;
  if (!value->is_number_unsigned() || value->get<uint64_t>() > most)
    return fail(name, "is not a whole number from 0 to " + std::to_string(most)), false;
  to = value->get<uint64_t>();
  return true;
}

bool Fields::signed_number(const char* name, int64_t& to) {
  const Json* value = take(name);
  if (value == nullptr) return false;
  bool fits = value->is_number_integer() &&
              (!value->is_number_unsigned() ||
               value->get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
  if (!fits) return fail(name, "is not a whole number"), false;
  to = value->get<int64_t>();
  return true;
}

bool Fields::texts(const char* name, std::vector<std::string>& to, size_t most, size_t most_bytes) {
  const Json* value = take(name);
  if (value == nullptr) return false;
  if (!value->is_array()) return fail(name, "is not a list of texts"), false;
  if (value->size() > most) return fail(name, "has more than " + std::to_string(most) + " entries"), false;
  std::vector<std::string> out;
  for (const Json& one : *value) {
    std::string here = std::string(name) + "[" + std::to_string(out.size()) + "]";
    if (!one.is_string()) return fail(here, "is not text"), false;
    const auto& text = one.get_ref<const std::string&>();
    if (text.empty() || text.size() > most_bytes)
      return fail(here, "is not text of 1 to " + std::to_string(most_bytes) + " bytes"), false;
    out.push_back(text);
  }
  to = std::move(out);
  return true;
}

Status Fields::finish() const {
  if (!good_) return Error{Errc::invalid, wrong_};
  for (const auto& [name, value] : object_.items())
    if (asked_.count(name) == 0)
      return Error{Errc::invalid, place_ + printable(name, 64) + " is a field that there is not"};
  return Status();
}

}  // namespace assay::sweeps
