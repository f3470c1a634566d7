// Codes of the services that we call: ECR, STS and SQS API references, "Common Error Types".
#include "sources/aws/call_errors.h"

#include <time.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "common/text.h"

namespace assay::sources::aws {
namespace {

constexpr int64_t kSkewS = 240;  // AWS takes five minutes
constexpr size_t kShown = 600;

const std::set<std::string_view> kThrottled = {
    "Throttling",       "ThrottlingException",       "ThrottledException",
    "RequestThrottled", "RequestThrottledException", "TooManyRequestsException",
    "TooManyRequests",  "RequestLimitExceeded",      "BandwidthLimitExceeded",
    "SlowDown",         "PriorRequestNotComplete",   "ProvisionedThroughputExceededException"};
const std::set<std::string_view> kExpired = {"ExpiredToken", "ExpiredTokenException", "RequestExpired",
                                             "UnrecognizedClientException", "InvalidClientTokenId"};
const std::set<std::string_view> kClock = {"RequestTimeTooSkewed", "SignatureDoesNotMatch",
                                           "InvalidSignatureException", "RequestExpired"};
const std::set<std::string_view> kDenied = {"IncompleteSignature",
                                            "IncompleteSignatureException",
                                            "MissingAuthenticationToken",
                                            "MissingAuthenticationTokenException",
                                            "OptInRequired",
                                            "NotAuthorized",
                                            "InvalidIdentityToken",
                                            "IDPRejectedClaim",
                                            "RegionDisabledException"};

bool has(const std::string& code, const char* part) { return code.find(part) != std::string::npos; }

Errc errc(int status, const std::string& code) {
  if (kThrottled.contains(code) || status == 429) return Errc::busy;
  if (kExpired.contains(code) || kClock.contains(code) || kDenied.contains(code) || has(code, "AccessDenied"))
    return Errc::denied;
  if (status == 401 || status == 403) return Errc::denied;
  if (has(code, "NotFound") || has(code, "NonExistent") || has(code, "DoesNotExist") || status == 404)
    return Errc::not_found;
  return status >= 500 ? Errc::unreachable : Errc::invalid;
}

// RFC 9110, 5.6.7: the form that servers send.
std::optional<int64_t> date_of(const HttpReply& reply) {
  tm parts{};
  std::string text = reply.header("date");
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != 0) return std::nullopt;
  return static_cast<int64_t>(::timegm(&parts));
}

std::string in_words(int64_t seconds) {
  int64_t minutes = std::abs(seconds) / 60;
  return minutes < 120 ? std::to_string(minutes) + " minutes" : std::to_string(minutes / 60) + " hours";
}

// What to do. AWS's answers carry its time, so the clock can be blamed or cleared.
std::string advice(const HttpReply& reply, const std::string& code, const Credentials& as, int64_t now_s) {
  std::string who = as.from.empty() ? "" : " (asked with credentials of: " + printable(as.from, 200) + ")";
  if (kClock.contains(code)) {
    int64_t ahead = now_s - date_of(reply).value_or(now_s);
    if (std::abs(ahead) > kSkewS)
      return "; this host's clock is " + in_words(ahead) + (ahead > 0 ? " ahead of" : " behind") +
             " Amazon's: set it (NTP)";
    if (code == "RequestTimeTooSkewed" || code == "RequestExpired") return "; check this host's clock";
    return "; check the secret access key, and this host's clock" + who;
  }
  if (kExpired.contains(code)) return "; renew or correct the credentials" + who;
  if (has(code, "AccessDenied") || code == "NotAuthorized") return "; grant it in IAM" + who;
  return "";
}

bool text_of(const nlohmann::json& from, const char* name, std::string& to) {
  auto found = from.find(name);
  if (found == from.end() || !found->is_string()) return false;
  to = found->get<std::string>();
  return true;
}

// "com.amazonaws.ecr#RepositoryNotFoundException:http://..." has a code in its midst.
std::string bare(const std::string& type) {
  std::string out = type.substr(0, type.find(':'));
  return out.substr(out.find('#') == std::string::npos ? 0 : out.find('#') + 1);
}

}  // namespace

Refusal read_refusal(const HttpReply& reply) {
  Refusal out;
  auto body = nlohmann::json::parse(reply.body, nullptr, false);
  if (body.is_object()) {
    if (!text_of(body, "__type", out.code)) (void)text_of(body, "code", out.code);
    if (!text_of(body, "message", out.message)) (void)text_of(body, "Message", out.message);
  }
  if (out.code.empty()) out.code = reply.header("x-amzn-errortype");
  // SQS tells the old name of an error, too: "AWS.SimpleQueueService.NonExistentQueue;Sender".
  std::string query = reply.header("x-amzn-query-error");
  if (out.code.empty()) out.code = query.substr(0, query.find(';'));
  out.code = bare(out.code);
  return out;
}

Next what_next(int status, const std::string& code) {
  if (kThrottled.contains(code) || status == 429) return Next::throttled;
  if (kExpired.contains(code)) return Next::renew;
  return status >= 500 ? Next::again : Next::give_up;
}

std::string without_secrets(std::string text, const Credentials& as) {
  for (const std::string* secret : {&as.secret, &as.session_token}) {
    if (secret->size() < 4) continue;
    for (size_t at = 0; (at = text.find(*secret, at)) != std::string::npos;)
      text.replace(at, secret->size(), "***");
  }
  return printable(text, kShown);
}

Error refused(const std::string& what, const HttpReply& reply, const Refusal& refusal, const Credentials& as,
              int64_t now_s) {
  std::string said = what + ": ";
  if (refusal.code.empty()) {
    said += "HTTP status " + std::to_string(reply.status) + " and no error of AWS's";
    if (reply.status < 500) said += "; is this an AWS endpoint?";
  } else {
    // A message may repeat the request that was to be signed, with the token in it, line by line.
    said += printable(refusal.code, 100);
    std::string words = without_secrets(refusal.message.substr(0, refusal.message.find('\n')), as);
    if (!words.empty()) said += ": " + words;
    said += advice(reply, refusal.code, as, now_s);
  }
  return {errc(reply.status, refusal.code), said};
}

}  // namespace assay::sources::aws
