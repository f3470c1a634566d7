// The pure parts of remote: URLs, tokens, and what the server's refusals mean.
#include <algorithm>
#include <charconv>

#include "cli/json_fields.h"
#include "cli/remote.h"
#include "common/ids.h"
#include "common/text.h"

namespace assay::cli {
namespace {

constexpr uint16_t kDefaultPort = 8440;
constexpr uint16_t kTlsPort = 443;
constexpr size_t kMaxTokenBytes = 512;
constexpr size_t kMaxMessageBytes = 500;

bool alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_name(char c) { return alnum(c) || c == '.' || c == '-'; }
bool is_address(char c) { return alnum(c) || c == ':' || c == '.'; }
bool all_of(std::string_view text, bool (*rule)(char)) { return std::all_of(text.begin(), text.end(), rule); }

Error bad_url(std::string_view text, const std::string& rule) {
  return {Errc::invalid, "server '" + printable(text, 200) + "' " + rule + ": http://HOST[:PORT] is wanted"};
}

struct Meaning {
  int status;
  Errc code;
  const char* hint;
};
constexpr Meaning kMeanings[] = {
    {400, Errc::invalid, ""},
    {401, Errc::denied, "`assay tokens new` on the scheduler's host makes one that is"},
    {403, Errc::denied, ""},
    {404, Errc::not_found, ""},
    {409, Errc::conflict, ""},
    {413, Errc::limit, "send less at once"},
    {429, Errc::busy, "try again later"},
    {503, Errc::busy, "try again later"},
    {504, Errc::timeout, "the scheduler was too busy to say whether it was done: look before you try again"},
    {507, Errc::no_space, "the scheduler takes no more until there is room on its disk"},
};

}  // namespace

Result<ServerUrl> ServerUrl::parse(std::string_view text) {
  ServerUrl url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    url.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return bad_url(text, "begins with neither http:// nor https://");
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  url.port = url.tls ? kTlsPort : kDefaultPort;
  bool address = rest.starts_with('[');  // IPv6
  size_t end = address ? rest.find(']') : rest.find(':');
  if (address) end = end == std::string_view::npos ? 0 : end + 1;
  std::string_view host = rest.substr(0, end), port = end < rest.size() ? rest.substr(end) : "";
  bool fits = address ? host.size() > 2 && all_of(host.substr(1, host.size() - 2), is_address)
                      : all_of(host, is_name);
  if (host.empty() || host.size() > 253 || !fits) return bad_url(text, "names no host");
  url.host = host;
  if (port.empty()) return url;
  unsigned number = 0;
  auto [stop, error] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
  if (port[0] != ':' || error != std::errc() || stop != port.data() + port.size() || number == 0 ||
      number > 65535)
    return bad_url(text, "has no port between 1 and 65535 after its host");
  url.port = static_cast<uint16_t>(number);
  return url;
}

std::string ServerUrl::str() const {
  return (tls ? "https://" : "http://") + host + ":" + std::to_string(port);
}

Result<std::string> clean_token(std::string_view text, const std::string& where) {
  auto space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && space(text.front())) text.remove_prefix(1);
  while (!text.empty() && space(text.back())) text.remove_suffix(1);
  bool visible = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (text.empty() || text.size() > kMaxTokenBytes || !visible)
    return Error{Errc::invalid, where + " holds no token: one word of at most " +
                                    std::to_string(kMaxTokenBytes) + " visible characters is wanted"};
  return std::string(text);
}

Error reply_error(const Reply& reply, const std::string& request) {
  Refusal refusal = read_refusal(reply);
  auto* meaning = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                               [&](const Meaning& m) { return m.status == reply.status; });
  bool known = meaning != std::end(kMeanings);
  std::string what;
  if (!refusal.message.empty()) what = refusal.message;
  if (known && *meaning->hint != 0) what += (what.empty() ? "" : "; ") + std::string(meaning->hint);
  // Where the server says nothing that we know, what was asked is all there is to go by.
  if (refusal.message.empty())
    what = request + " was answered with status " + std::to_string(reply.status) +
           (what.empty() ? "" : ": " + what);
  return {known ? meaning->code : Errc::io, what};
}

Refusal read_refusal(const Reply& reply) {
  Refusal out;
  auto json = parse_object(reply.body, "error");
  if (!json) return out;
  Fields body(*json, "error");
  const Json* object = body.object("error");
  if (object == nullptr) return out;
  Fields fields(*object, "error");
  std::string message = fields.text("message"), batch_id = body.text("batch_id");
  if (fields.has("index")) out.index = fields.number<uint64_t>("index");
  out.begun = !batch_id.empty() || body.maybe_number("accepted").value_or(0) > 0;
  if (!fields.status() || !body.status() || (!batch_id.empty() && !is_scan_id(batch_id))) return {};
  out.message = message.substr(0, kMaxMessageBytes);
  out.batch_id = batch_id;
  return out;
}

}  // namespace assay::cli
