// Statuses in words, and the shapes that errors come in: the distribution API's list (spec.md, "Error
// Codes"), OAuth2's (RFC 6749, 5.2), single messages, web pages of proxies.
#include "sources/registry_errors.h"

#include <nlohmann/json.hpp>

#include "common/ascii.h"
#include "common/json_parts.h"
#include "common/text.h"

namespace assay::sources {
namespace {

using nlohmann::json;

constexpr size_t kMaxSaid = 300, kMaxErrors = 3, kMaxRead = 64 * 1024;
constexpr std::chrono::milliseconds kUnsaid{60000};

std::string joined(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + ": " + second;
}

// {"errors": [{"code", "message"}]}, as all of them should; {"error", "error_description"} of token servers;
// {"message"}, {"details"} of some.
std::string json_says(const json& body) {
  if (!body.is_object()) return "";
  std::string out;
  if (auto errors = body.find("errors"); errors != body.end() && errors->is_array()) {
    size_t count = 0;
    for (const json& error : *errors) {
      if (!error.is_object() || count++ == kMaxErrors) break;
      std::string one = joined(text_of(error, "code"), text_of(error, "message"));
      out += (out.empty() || one.empty() ? "" : ", ") + one;
    }
  }
  if (out.empty()) out = joined(text_of(body, "error"), text_of(body, "error_description"));
  for (const char* key : {"message", "details", "detail", "Message"})
    if (out.empty()) out = text_of(body, key);
  return out;
}

std::string squeezed(std::string_view text) {
  std::string out;
  for (char c : text)
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

bool is_web_page(const HttpReply& reply) {
  return ascii_lower(reply.header("content-type")).starts_with("text/html") ||
         ascii_lower(reply.body.substr(0, 15)).starts_with("<!doctype html") ||
         reply.body.starts_with("<html");
}

std::string page_says(std::string_view body) {
  std::string lower = ascii_lower(body);
  size_t from = lower.find("<title>"), to = lower.find("</title>");
  if (from == lower.npos || to == lower.npos || to < from + 7) return "a web page";
  return "a web page, \"" + squeezed(body.substr(from + 7, to - from - 7)) + "\"";
}

void blot(std::string& text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets)
    for (size_t at = 0; secret.size() >= 4 && (at = text.find(secret, at)) != text.npos;)
      text.replace(at, secret.size(), "***");
}

std::string duration_text(std::chrono::milliseconds time) {
  auto s = std::chrono::ceil<std::chrono::seconds>(time).count();
  return s < 120 ? std::to_string(s) + " s" : std::to_string((s + 59) / 60) + " min";
}

std::string login_hint(const Asked& asked) { return "log in with: skopeo login " + asked.host; }

Error unauthorized(const Asked& asked) {
  if (asked.who.empty())
    return {Errc::denied,
            "it wants a login, and none is kept for it (or it hides that there is no such "
            "repository): " +
                login_hint(asked)};
  return {Errc::denied,
          "it refuses " + asked.who + ", or that login sees no such repository: " + login_hint(asked)};
}

Error forbidden(const Asked& asked) {
  if (asked.who.empty()) return {Errc::denied, "it lets nobody in without a login: " + login_hint(asked)};
  return {Errc::denied, asked.who + " has no right to: have it given the right to " + asked.right};
}

Error busy(const HttpReply& reply, int64_t now_s, std::chrono::milliseconds& busy_for,
           const std::string& why) {
  auto said = reply.retry_after(now_s);
  busy_for = said.value_or(kUnsaid);
  return {
      Errc::busy,
      why + ", " + (said ? "for " + duration_text(busy_for) : std::string("without saying for how long"))};
}

Error failing(const HttpReply& reply, int64_t now_s, std::chrono::milliseconds& busy_for) {
  if (reply.status == 501) return {Errc::unsupported, "it offers no such thing"};
  if (reply.status == 503 && reply.retry_after(now_s))
    return busy(reply, now_s, busy_for,
                "it is under maintenance or overloaded (503) and asks to be left alone");
  if (reply.status == 503)
    return {Errc::unreachable, "it is under maintenance or overloaded (503): try again later"};
  if (reply.status == 504)
    return {Errc::timeout, "what is behind it does not answer in time (504): try again later"};
  return {Errc::unreachable, "it fails (HTTP " + std::to_string(reply.status) + "): try again later"};
}

Error by_status(const HttpReply& reply, const Asked& asked, int64_t now_s,
                std::chrono::milliseconds& busy_for) {
  std::string number = std::to_string(reply.status);
  switch (reply.status) {
    case 401:
      return unauthorized(asked);
    case 403:
      return forbidden(asked);
    case 404:
      return {Errc::not_found, "there is no such thing (404)"};
    case 405:
      return {Errc::unsupported, "it does not offer that (405)"};
    case 408:
      return {Errc::timeout, "it has waited too long for the request (408)"};
    case 410:
      return {Errc::not_found, "it is gone for good (410)"};
    case 429:
      return busy(reply, now_s, busy_for, "its rate limit is reached (429): it asks to be left alone");
    case 451:
      return {Errc::denied, "it may not be given out, for legal reasons (451)"};
    default:
      break;
  }
  if (reply.status >= 500) return failing(reply, now_s, busy_for);
  if (reply.status >= 400) return {Errc::invalid, "it refuses the request (HTTP " + number + ")"};
  return {Errc::corrupt, "it answers with HTTP " + number + ", which a registry does not: is it one?"};
}

}  // namespace

std::string Asked::str() const {
  return printable(host + (repository.empty() ? "" : "/" + repository), 400) + ": cannot " + doing;
}

std::string registry_says(const HttpReply& reply) {
  if (is_web_page(reply)) return page_says(std::string_view(reply.body).substr(0, kMaxRead));
  if (reply.body.size() > kMaxRead) return "";
  json body = json::parse(reply.body, nullptr, /*allow_exceptions=*/false);
  if (!body.is_discarded()) return squeezed(json_says(body));
  if (!reply.header("content-type").starts_with("text/plain")) return "";
  return squeezed(reply.body);
}

Error reply_error(const HttpReply& reply, const Asked& asked, int64_t now_s,
                  std::chrono::milliseconds& busy_for) {
  Error error = by_status(reply, asked, now_s, busy_for);
  std::string said = registry_says(reply);
  blot(said, asked.secrets);
  std::string out = asked.str() + ": ";
  if (!asked.at.empty()) out += "at " + printable(asked.at, 300) + ", ";
  out += error.what;
  if (!said.empty()) out += " (it says: " + still_printable(printable(said, kMaxSaid)) + ")";
  return {error.code, out};
}

}  // namespace assay::sources
