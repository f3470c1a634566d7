// services: what the simulated services share: answers in JSON and text, honeytokens handed out and told,
// names and numbers that follow from the scan's seed. Pure.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/lure/forms.h"
#include "agent/sinkhole/web/web.h"
#include "common/rfc3339.h"

namespace assay::sinkhole {

WebAnswer json_answer(const nlohmann::ordered_json& body, int status = 200);
WebAnswer text_answer(std::string body, int status = 200, std::string type = "text/plain");

/// A guest's JSON object; an empty one for anything else, and for what is too long or nested too deep.
nlohmann::ordered_json parse_object(std::string_view text);

/// The token of that place and kind, told as served; null where the scene has none.
const lure::Token* hand_out(std::string_view place, Moment& moment, std::string_view kind = "");

/// The parts of a path between slashes, empty ones left out.
std::vector<std::string_view> path_parts(std::string_view path);
/// A parameter of a query or a form, decoded; empty if there is none.
std::string parameter(std::string_view query, std::string_view name);
/// Lower-case hex digits that follow from the scan's seed and a purpose.
std::string hex_id(const Scene& scene, const std::string& purpose, size_t digits);

}  // namespace assay::sinkhole
