// payload_json: fields of a payload, and a push checked. Internal to the payload files.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/hooks/payload.h"

namespace assay::hooks {

using Json = nlohmann::json;
using Pushes = std::vector<sources::Push>;

/// The object that the body is, parsed with a bound on its depth. Errc::invalid.
Result<Json> parse_body(std::string_view body);
/// The field's object; an empty one where it is not there. Errc::invalid: it is something else.
Result<Json> object_of(const Json& from, const char* name);
/// Empty where it is not there or null. Errc::invalid: it is no text, or longer than any such field may be.
Result<std::string> text_of(const Json& from, const char* name);
/// 0 where it is not there. Seconds since 1970, a fraction is cut off.
Result<int64_t> seconds_of(const Json& from, const char* name);
/// Likewise of RFC 3339.
Result<int64_t> time_of(const Json& from, const char* name);

/// The push with the hook's host where it names one, if a reference can be made of it. Errc::invalid.
Result<sources::Push> checked(const Hook& hook, sources::Push push);
/// "sha256-HEX", "sha256-HEX.sig": what is said about an image, not an image.
bool is_about_another(std::string_view tag);

// One file a sender.
Result<Pushes> read_registry(const Hook&, const HookHead&, std::string_view body);
Result<Pushes> read_harbor(const Hook&, const HookHead&, std::string_view body);
Result<Pushes> read_dockerhub(const Hook&, const HookHead&, std::string_view body);
Result<Pushes> read_github(const Hook&, const HookHead&, std::string_view body);
Result<Pushes> read_gitlab(const Hook&, const HookHead&, std::string_view body);
Result<Pushes> read_ecr(const Hook&, const HookHead&, std::string_view body);

}  // namespace assay::hooks
