// The query protocol: a form goes out, XML comes back (pugixml, which reads no external entities).
#include "sources/aws/sts.h"

#include <algorithm>
#include <pugixml.hpp>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/encodings.h"
#include "common/rfc3339.h"
#include "common/text.h"
#include "sources/aws/backoff.h"
#include "sources/aws/call_errors.h"
#include "sources/aws/endpoint.h"

namespace assay::sources::aws {
namespace {

using std::chrono::milliseconds;
using Form = std::vector<std::pair<std::string, std::string>>;

constexpr int kTries = 4;
constexpr size_t kLargest = 1 << 20, kMaxCredential = 16 * 1024;
constexpr const char* kVersion = "2011-06-15";

// One call: who asks, and what is said of it in errors.
struct Call {
  Http& http;
  const Sts& sts;
  const Credentials* as;  // nullptr: nobody signs
  std::string action;
  Form form;

  std::string what() const { return "sts " + action + " in " + sts.region; }
};

HttpAsk request(const Call& call, const std::string& url) {
  HttpAsk ask;
  ask.method = "POST";
  ask.url = url;
  ask.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  ask.body = "Action=" + call.action + "&Version=" + kVersion;
  for (const auto& [name, value] : call.form) ask.body += "&" + name + "=" + url_encode(value);
  if (call.as != nullptr)
    ask.signing =
        HttpSigning{call.sts.region, "sts", call.as->key_id, call.as->secret, call.as->session_token};
  ask.limit_bytes = kLargest;
  return ask;
}

Refusal read_xml_refusal(const HttpReply& reply) {
  pugi::xml_document document;
  if (!document.load_buffer(reply.body.data(), reply.body.size())) return {};
  pugi::xml_node error = document.child("ErrorResponse").child("Error");
  return {error.child_value("Code"), error.child_value("Message")};
}

// What must not be in an error: our credentials', and what the form carries.
Credentials hidden(const Call& call) {
  Credentials out = call.as != nullptr ? *call.as : Credentials{};
  for (const auto& [name, value] : call.form)
    if (name == "WebIdentityToken") out.secret = value;
  return out;
}

// The answer's body, whatever it is, of a call that was taken.
Result<std::string> send(const Call& call) {
  ASSAY_TRY(std::string url, endpoint_url("sts", call.sts.region, call.sts.endpoint));
  Backoff backoff(milliseconds(200), milliseconds(5000));
  for (int tries = 1;; ++tries) {
    auto reply = call.http.ask(request(call, url));
    milliseconds asked{0};
    Error error{Errc::io, ""};
    bool again = false;
    if (reply && reply->status == 200) return std::move(reply->body);
    if (reply) {
      Refusal refusal = read_xml_refusal(*reply);
      error = refused(call.what(), *reply, refusal, hidden(call), wall_s());
      Next next = what_next(reply->status, refusal.code);
      // STS's own: the identity provider did not answer it.
      again = next == Next::again || next == Next::throttled || refusal.code == "IDPCommunicationError";
      asked = std::min(reply->retry_after(wall_s()).value_or(asked), milliseconds(30000));
    } else {
      error = {reply.error().code, call.what() + ": " + without_secrets(reply.error().what, hidden(call))};
      again = error.code == Errc::unreachable || error.code == Errc::timeout;
    }
    if (!again || tries == kTries) return error;
    ASSAY_CHECK(call.http.pause(backoff.next(tries, asked)));
  }
}

Result<Credentials> read_credentials(const Call& call, const std::string& body, const std::string& from) {
  Error bad{Errc::corrupt, call.what() + ": the answer holds no credentials; is this an AWS endpoint?"};
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return bad;
  std::string response = call.action + "Response", result = call.action + "Result";
  pugi::xml_node node = document.child(response.c_str()).child(result.c_str()).child("Credentials");
  Credentials out;
  out.key_id = node.child_value("AccessKeyId");
  out.secret = node.child_value("SecretAccessKey");
  out.session_token = node.child_value("SessionToken");
  auto expires = parse_rfc3339(node.child_value("Expiration"));
  if (out.key_id.empty() || out.secret.empty() || out.session_token.empty() || !expires) return bad;
  if (out.key_id.size() + out.secret.size() + out.session_token.size() > kMaxCredential) return bad;
  out.expires_s = *expires;
  out.from = from;
  return out;
}

Status check_role(const std::string& role) {
  if (is_role_arn(role)) return Status();
  return Error{Errc::invalid,
               "\"" + printable(role, 200) +
                   "\" is no ARN of a role, as \"arn:aws:iam::123456789012:role/NAME\" is one"};
}

}  // namespace

Result<Credentials> assume_role(Http& http, const Sts& sts, const Credentials& as, const std::string& role,
                                const RoleDetails& details) {
  ASSAY_CHECK(check_role(role));
  Call call{http, sts, &as, "AssumeRole", {{"RoleArn", role}}};
  call.form.emplace_back("RoleSessionName", details.session.empty() ? "assay" : details.session);
  if (!details.external_id.empty()) call.form.emplace_back("ExternalId", details.external_id);
  if (details.duration_s > 0) call.form.emplace_back("DurationSeconds", std::to_string(details.duration_s));
  ASSAY_TRY(std::string body, send(call).context("assume " + role));
  return read_credentials(call, body, "role " + role + " by " + as.from);
}

Result<Credentials> assume_with_web_identity(Http& http, const Sts& sts, const std::string& role,
                                             const std::string& token, const std::string& session) {
  ASSAY_CHECK(check_role(role));
  Call call{http, sts, nullptr, "AssumeRoleWithWebIdentity", {{"RoleArn", role}}};
  call.form.emplace_back("RoleSessionName", session.empty() ? "assay" : session);
  call.form.emplace_back("WebIdentityToken", token);
  ASSAY_TRY(std::string body, send(call).context("assume " + role));
  return read_credentials(call, body, "role " + role + " by web identity");
}

Result<std::string> caller_account(Http& http, const Sts& sts, const Credentials& as) {
  Call call{http, sts, &as, "GetCallerIdentity", {}};
  ASSAY_TRY(std::string body, send(call));
  pugi::xml_document document;
  if (document.load_buffer(body.data(), body.size())) {
    std::string account =
        document.child("GetCallerIdentityResponse").child("GetCallerIdentityResult").child_value("Account");
    bool digits = std::all_of(account.begin(), account.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (account.size() == 12 && digits) return account;
  }
  return Error{Errc::corrupt,
               call.what() + ": the answer names no account of twelve digits; is this an AWS endpoint?"};
}

}  // namespace assay::sources::aws
