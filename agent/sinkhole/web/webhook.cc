// Where stolen things are sent, and what malware asks on its way: chat services' bots and webhooks, paste and
// file hosts, and services that tell a client its address. Each answers as if all had gone well.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/sinkhole/web/services.h"
#include "common/ascii.h"

namespace assay::sinkhole {
namespace {

using Json = nlohmann::ordered_json;
using Parts = std::vector<std::string_view>;

bool is_host(std::string_view host, std::string_view of) {
  return host == of ||
         (host.size() > of.size() && host.ends_with(of) && host[host.size() - of.size() - 1] == '.');
}

// The address that this scan's guest has to the world.
std::string public_address(const Scene& scene) {
  lure::Draw draw(scene.lures.seed, "public address");
  return "198.18." + std::to_string(draw.below(256)) + "." + std::to_string(1 + draw.below(254));
}

// A field of a JSON body, or a parameter of a form or the query.
std::string field(const WebRequest& request, const std::string& name) {
  Json body = parse_object(request.body);
  if (body.contains(name)) return body[name].is_string() ? body[name].get<std::string>() : body[name].dump();
  std::string value = parameter(request.query, name);
  return value.empty() ? parameter(request.body, name) : value;
}

// https://core.telegram.org/bots/api: /bot<token>/<method>
std::optional<WebAnswer> telegram(const WebRequest& request, const Parts& parts, Moment& moment) {
  if (parts.size() < 2 || !parts[0].starts_with("bot"))
    return json_answer({{"ok", false}, {"error_code", 404}, {"description", "Not Found"}}, 404);
  std::string_view token = parts[0].substr(3);
  std::string id(token.substr(0, std::min(token.find_first_of(":%"), token.size())));
  Json bot = {
      {"id", std::atoll(id.c_str())}, {"is_bot", true}, {"first_name", "notify"}, {"username", "notify_bot"}};
  const std::string method = ascii_lower(parts[1]);
  if (method == "getme") return json_answer({{"ok", true}, {"result", bot}});
  if (method == "getupdates") return json_answer({{"ok", true}, {"result", Json::array()}});
  if (method.starts_with("send")) {
    Json chat = {{"id", std::atoll(field(request, "chat_id").c_str())}, {"type", "private"}};
    return json_answer({{"ok", true},
                        {"result",
                         {{"message_id", 1 + moment.unix_seconds() % 100'000},
                          {"from", bot},
                          {"chat", chat},
                          {"date", moment.unix_seconds()},
                          {"text", field(request, "text")}}}});
  }
  return json_answer({{"ok", true}, {"result", true}});
}

std::optional<WebAnswer> discord(const WebRequest& request, const Parts& parts, Moment& moment) {
  auto hook = std::find(parts.begin(), parts.end(), "webhooks");
  if (hook == parts.end() || parts.end() - hook < 3) return json_answer({{"id", "0"}, {"message", "ok"}});
  std::string id(hook[1]);
  if (request.method == "GET")
    return json_answer({{"type", 1}, {"id", id}, {"name", "notify"}, {"channel_id", id}, {"token", hook[2]}});
  if (request.method == "POST" && parameter(request.query, "wait") != "true") return text_answer("", 204);
  return json_answer({{"id", lure::Draw(moment.scene.lures.seed, "discord").digits(19)},
                      {"channel_id", id},
                      {"content", field(request, "content")}});
}

std::optional<WebAnswer> slack(const WebRequest& request, const Parts& parts, Moment& moment) {
  if (parts.empty() || parts[0] != "api") return text_answer("ok");  // hooks.slack.com
  if (parts.size() > 1 && parts[1] == "auth.test")
    return json_answer({{"ok", true},
                        {"url", "https://" + lure::company(moment.scene.lures.seed) + ".slack.com/"},
                        {"team", lure::company(moment.scene.lures.seed)},
                        {"user", "deploy"}});
  return json_answer({{"ok", true},
                      {"channel", field(request, "channel")},
                      {"ts", std::to_string(moment.unix_seconds()) + ".000200"}});
}

std::optional<WebAnswer> teams(const WebRequest&, const Parts&, Moment&) { return text_answer("1"); }

// What was left there can be found under a short name.
std::optional<WebAnswer> paste(const WebRequest& request, const Parts&, Moment& moment) {
  if (request.method != "POST" && request.method != "PUT") return std::nullopt;  // a download like any other
  std::string url =
      "https://" + request.host + "/" + hex_id(moment.scene, "paste " + request.body.substr(0, 256), 8);
  if (is_host(request.host, "file.io") || is_host(request.host, "gofile.io"))
    return json_answer({{"success", true}, {"status", "ok"}, {"html_url", url}, {"link", url}, {"url", url}},
                       200);
  return text_answer(url + "\n");
}

std::optional<WebAnswer> own_address(const WebRequest& request, const Parts& parts, Moment& moment) {
  const std::string address = public_address(moment.scene);
  bool json = is_host(request.host, "ip-api.com") || is_host(request.host, "ipinfo.io") ||
              is_host(request.host, "ipapi.co") || parameter(request.query, "format") == "json" ||
              (!parts.empty() && parts.back() == "json");
  bool leaf = !parts.empty() && parts.back() == "ip";
  if (!json || leaf) return text_answer(address + "\n");
  return json_answer({{"status", "success"},
                      {"ip", address},
                      {"query", address},
                      {"country", "Germany"},
                      {"countryCode", "DE"},
                      {"city", "Frankfurt am Main"},
                      {"org", "AS64496 Hosting"},
                      {"isp", "Hosting"},
                      {"timezone", "Europe/Berlin"}});
}

struct Service {
  std::string_view host;
  std::optional<WebAnswer> (*answer)(const WebRequest&, const Parts&, Moment&);
};
constexpr Service kServices[] = {
    {"api.telegram.org", telegram},
    {"discord.com", discord},
    {"discordapp.com", discord},
    {"slack.com", slack},
    {"webhook.office.com", teams},
    {"outlook.office.com", teams},
    {"logic.azure.com", teams},
    {"pastebin.com", paste},
    {"paste.rs", paste},
    {"dpaste.org", paste},
    {"dpaste.com", paste},
    {"hastebin.com", paste},
    {"transfer.sh", paste},
    {"bashupload.com", paste},
    {"oshi.at", paste},
    {"0x0.st", paste},
    {"ix.io", paste},
    {"file.io", paste},
    {"gofile.io", paste},
    {"catbox.moe", paste},
    {"temp.sh", paste},
    {"ntfy.sh", paste},
    {"api.ipify.org", own_address},
    {"ifconfig.me", own_address},
    {"ifconfig.co", own_address},
    {"icanhazip.com", own_address},
    {"ident.me", own_address},
    {"ipecho.net", own_address},
    {"ipinfo.io", own_address},
    {"ip-api.com", own_address},
    {"ipapi.co", own_address},
    {"checkip.amazonaws.com", own_address},
    {"ip.sb", own_address},
    {"myexternalip.com", own_address},
    {"wtfismyip.com", own_address},
};

}  // namespace

std::optional<WebAnswer> answer_webhook(const WebRequest& request, Moment& moment) {
  const std::string host = ascii_lower(request.host);
  for (const Service& service : kServices)
    if (is_host(host, service.host)) return service.answer(request, path_parts(request.path), moment);
  return std::nullopt;
}

}  // namespace assay::sinkhole
