// strict_json: JSON of which two readers can never make two things: a name that comes twice in an object is
// an error, and so is what is deeper or longer than anything of ours. For .cc files only.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/json_parts.h"
#include "common/result.h"
#include "common/text.h"

namespace assay::attest {

using Json = nlohmann::json;

inline constexpr int kMaxDepth = 16;

/// An object. Errc::corrupt, or limit beyond `limit_bytes`; `name` begins the message.
inline Result<Json> parse_strict(std::string_view text, size_t limit_bytes, const std::string& name) {
  if (text.size() > limit_bytes)
    return Error{Errc::limit, name + " is larger than " + std::to_string(limit_bytes) + " bytes"};
  std::vector<std::set<std::string>> names;
  std::string twice;
  bool deep = false;
  auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    deep = deep || depth > kMaxDepth;
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end && !names.empty()) names.pop_back();
    if (event == Json::parse_event_t::key && !names.empty() &&
        !names.back().insert(value.get<std::string>()).second && twice.empty())
      twice = value.get<std::string>();
    return !deep;
  };
  Json out = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (deep) return Error{Errc::corrupt, name + " is nested deeper than " + std::to_string(kMaxDepth)};
  if (out.is_discarded()) return Error{Errc::corrupt, name + " is not JSON"};
  if (!twice.empty())
    return Error{Errc::corrupt, name + " has '" + printable(twice, 60) + "' twice in one object"};
  if (!out.is_object()) return Error{Errc::corrupt, name + " is not a JSON object"};
  return out;
}

/// The object or list under the name; null where there is none.
inline const Json* part_of(const Json& from, const char* key, Json::value_t type) {
  auto found = from.find(key);
  return found != from.end() && found->type() == type ? &*found : nullptr;
}

}  // namespace assay::attest
