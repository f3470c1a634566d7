// downloads: the site that answers everything: by the path, and by who asks, with what it most likely hopes
// for; where that can be run, it is a canary, and told.
#include <algorithm>
#include <array>

#include "agent/sinkhole/web/web.h"
#include "common/ascii.h"
#include "common/paths.h"

namespace assay::sinkhole {
namespace {

// Who asks, by User-Agent; and what it would do with a file whose name says nothing.
struct Client {
  std::string_view begins;  // lower case
  CanaryKind wants;
};
constexpr Client kClients[] = {
    {"curl", CanaryKind::shell},
    {"wget", CanaryKind::shell},
    {"busybox", CanaryKind::shell},
    {"libcurl", CanaryKind::shell},
    {"powershell", CanaryKind::shell},
    {"aria2", CanaryKind::shell},
    {"fetch", CanaryKind::shell},
    {"python", CanaryKind::python},
    {"aiohttp", CanaryKind::python},
    {"node", CanaryKind::javascript},
    {"undici", CanaryKind::javascript},
    {"axios", CanaryKind::javascript},
    {"got", CanaryKind::javascript},
    {"deno", CanaryKind::javascript},
    {"bun/", CanaryKind::javascript},
    {"libwww-perl", CanaryKind::perl},
    {"lwp", CanaryKind::perl},
    {"perl", CanaryKind::perl},
    {"http-tiny", CanaryKind::perl},
    {"mojolicious", CanaryKind::perl},
    {"php", CanaryKind::php},
    {"guzzle", CanaryKind::php},
    {"ruby", CanaryKind::ruby},
    {"faraday", CanaryKind::ruby},
    {"go-http-client", CanaryKind::elf},
    {"java", CanaryKind::zip},
};

constexpr std::string_view kPixel(
    "GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    "\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x01"
    "D\x00;",
    43);

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool has_ending(std::string_view leaf, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view e) { return leaf.ends_with(e); });
}

// Nothing for a browser, and for who does not say.
std::optional<CanaryKind> wanted_by_client(const WebRequest& request) {
  std::string agent = ascii_lower(request.header("user-agent"));
  for (const Client& client : kClients)
    if (agent.starts_with(client.begins)) return client.wants;
  // Node's own http says Host and Connection, and no more.
  const auto& headers = request.headers;
  if (agent.empty() && headers.size() == 2 && headers[0].first == "host" && headers[1].first == "connection")
    return CanaryKind::javascript;
  return std::nullopt;
}

bool is_browser(const WebRequest& request) {
  if (contains(request.header("accept"), "text/html")) return true;
  return request.path == "/" && request.header("user-agent").starts_with("Mozilla/");
}

// What is made at the moment of asking, whatever its name ends in.
bool is_page(std::string_view leaf) {
  return has_ending(leaf, {".html", ".htm", ".php", ".asp", ".aspx", ".jsp", ".cgi", ".do"});
}

bool wants_json(const WebRequest& request) {
  std::string_view accept = request.header("accept"), sent = request.header("content-type");
  return accept.starts_with("application/json") || contains(accept, "+json") ||
         sent.starts_with("application/json") || contains(request.path, "/api/") ||
         request.path.ends_with("/api");
}

CanaryKind choose(const WebRequest& request) {
  std::string lowered = ascii_lower(base_name(request.path));
  std::string_view leaf = lowered;
  auto client = wanted_by_client(request);
  auto by_name = kind_of_extension(leaf);
  if (is_page(leaf) && is_browser(request)) return CanaryKind::html;
  // A text may be anything: what is handed out as x.txt or config.yml is run all the same.
  if (by_name && *by_name != CanaryKind::text && !is_page(leaf)) return *by_name;
  if (client == CanaryKind::php && leaf.ends_with(".php")) return CanaryKind::php;
  if (leaf.ends_with(".html") || leaf.ends_with(".htm")) return CanaryKind::html;
  if (contains(request.path, "/api/")) return CanaryKind::json;
  if (client && kind_for_name(leaf) == CanaryKind::elf) return CanaryKind::elf;
  if (client == CanaryKind::elf || client == CanaryKind::zip)
    return wants_json(request) || leaf.empty() ? CanaryKind::json : *client;
  if (client) return *client == CanaryKind::shell && wants_json(request) ? CanaryKind::json : *client;
  if (wants_json(request)) return CanaryKind::json;
  if (is_browser(request)) return CanaryKind::html;
  if (by_name) return CanaryKind::text;
  return is_page(leaf) || leaf.empty() ? CanaryKind::html : kind_for_name(leaf);
}

WebAnswer plain(int status, std::string type, std::string body) {
  return {status, std::move(type), std::move(body), {}};
}

// Small things that every server has.
std::optional<WebAnswer> fixture(const WebRequest& request) {
  std::string leaf = ascii_lower(base_name(request.path));
  if (leaf == "robots.txt") return plain(200, "text/plain", "User-agent: *\nDisallow:\n");
  bool image = has_ending(leaf, {".ico", ".png", ".gif", ".jpg", ".jpeg", ".svg", ".webp", ".bmp"});
  // What a tool fetches as a picture is often none.
  if (leaf == "favicon.ico" || (image && !wanted_by_client(request)))
    return plain(200, "image/gif", std::string(kPixel));
  return std::nullopt;
}

// Methods that ask for no file.
std::optional<WebAnswer> acknowledge(const WebRequest& request) {
  const std::string& method = request.method;
  if (method == "GET" || method == "HEAD") return std::nullopt;
  if (method == "OPTIONS")
    return WebAnswer{
        200, "text/plain", "", {{"Allow", "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS, PROPFIND"}}};
  if (method == "DELETE") return plain(204, "", "");
  if (method == "TRACE") return plain(405, "text/plain", "");
  if (method == "PUT" || method == "MKCOL") return plain(201, "text/plain", "");
  if (method == "PROPFIND")
    return plain(
        207, "application/xml",
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\"></D:multistatus>\n");
  // A POST that names a file wants it all the same.
  auto by_name = kind_of_extension(base_name(request.path));
  if (by_name && *by_name < CanaryKind::json && !is_page(base_name(request.path))) return std::nullopt;
  std::string_view accept = request.header("accept");
  bool text = accept.starts_with("text/") ||
              (request.header("content-type").starts_with("text/") && !wants_json(request));
  return text ? plain(200, "text/plain", "ok\n") : plain(200, "application/json", "{\"ok\":true}\n");
}

}  // namespace

WebAnswer answer_download(const WebRequest& request, Moment& moment) {
  if (auto answer = acknowledge(request)) return std::move(*answer);
  if (auto answer = fixture(request)) return std::move(*answer);
  CanaryKind kind = choose(request);
  std::string_view leaf = base_name(request.path);
  bool head = request.method == "HEAD";
  Canaries& canaries = moment.scene.canaries;
  Canary canary = head ? canaries.make_named(kind, leaf) : canaries.make(kind, leaf);
  if (!head && !canary.marker.empty()) moment.told.push_back(canary_report(canary, request, moment.peer));
  auto by_name = kind_of_extension(leaf);
  std::string type = by_name == CanaryKind::text ? "text/plain" : canary.content_type;
  return {200, std::move(type), std::move(canary.bytes), {}};
}

}  // namespace assay::sinkhole
