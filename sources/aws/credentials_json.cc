// Credentials as JSON: of metadata services, container agents and credential processes.
#include <nlohmann/json.hpp>

#include "common/json_parts.h"
#include "common/rfc3339.h"
#include "common/text.h"
#include "sources/aws/credentials_parts.h"

namespace assay::sources::aws {
namespace {

constexpr size_t kMaxKey = 256, kMaxToken = 16 * 1024;

Status check(const char* name, const std::string& value, size_t limit) {
  if (value.size() > limit)
    return Error{Errc::invalid, std::string(name) + " is longer than " + std::to_string(limit) + " bytes"};
  for (char c : value)
    if (c <= ' ' || c >= 0x7f)
      return Error{Errc::invalid, std::string(name) +
                                      " holds a space, a line break or another character that "
                                      "cannot be in one"};
  return Status();
}

}  // namespace

Status check_credentials(const Credentials& credentials) {
  if (credentials.key_id.empty()) return Error{Errc::invalid, "the access key id is missing"};
  if (credentials.secret.empty()) return Error{Errc::invalid, "the secret access key is missing"};
  ASSAY_CHECK(check("the access key id", credentials.key_id, kMaxKey));
  ASSAY_CHECK(check("the secret access key", credentials.secret, kMaxKey));
  return check("the session token", credentials.session_token, kMaxToken);
}

Result<Credentials> read_credentials_json(std::string_view bytes) {
  auto body = nlohmann::json::parse(bytes, nullptr, false);
  if (!body.is_object()) return Error{Errc::corrupt, "what it says is no JSON object"};
  std::string code = text_of(body, "Code");
  if (!code.empty() && code != "Success")
    return Error{Errc::denied,
                 "it says " + printable(code, 100) + ": " + printable(text_of(body, "Message"), 300)};
  Credentials out;
  out.key_id = text_of(body, "AccessKeyId");
  out.secret = text_of(body, "SecretAccessKey");
  out.session_token = text_of(body, "Token");
  if (out.session_token.empty()) out.session_token = text_of(body, "SessionToken");
  ASSAY_CHECK(check_credentials(out));
  std::string expiration = text_of(body, "Expiration");
  if (expiration.empty()) return out;
  auto expires = parse_rfc3339(expiration);
  if (!expires) return Error{Errc::corrupt, "its \"Expiration\" is no time: " + printable(expiration, 100)};
  out.expires_s = *expires;
  return out;
}

}  // namespace assay::sources::aws
