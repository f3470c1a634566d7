#include "agent/provoke/probe_http.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace assay {
namespace {

constexpr size_t kMaxPathBytes = 512;

// Where a service shows what it is, or lets one in.
constexpr const char* kUsualPaths[] = {"/robots.txt", "/index.php", "/admin",   "/login",
                                       "/api",        "/status",    "/metrics", "/health"};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
         });
}

std::string_view header(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    size_t end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    size_t colon = line.find(':');
    if (colon == std::string_view::npos || !equal_ignoring_case(line.substr(0, colon), name)) continue;
    line.remove_prefix(colon + 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    return line;
  }
  return {};
}

// Printable, without blanks: what can stand in a request line.
bool is_sendable(std::string_view path) {
  return !path.empty() && path.size() <= kMaxPathBytes &&
         std::all_of(path.begin(), path.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::string http_request(std::string_view path, std::string_view host) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) +
         "\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
         "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\nConnection: close\r\n\r\n";
}

HttpAnswer parse_http_answer(std::string_view bytes) {
  HttpAnswer out;
  if (!bytes.starts_with("HTTP/") || bytes.size() < 12) return out;
  size_t blank = bytes.substr(0, 16).find(' ');
  if (blank == std::string_view::npos) return out;
  std::from_chars(bytes.data() + blank + 1, bytes.data() + std::min(blank + 4, bytes.size()), out.status);
  size_t end = bytes.find("\r\n\r\n"), gap = 4;
  if (end == std::string_view::npos) {
    end = bytes.find("\n\n");
    gap = 2;
  }
  if (end == std::string_view::npos) return out;
  std::string_view head = bytes.substr(0, end);
  out.body = bytes.substr(end + gap);
  out.location = header(head, "Location");
  std::string_view length = header(head, "Content-Length");
  size_t expected = 0;
  auto [stop, error] = std::from_chars(length.data(), length.data() + length.size(), expected);
  out.whole = !length.empty() && error == std::errc() && out.body.size() >= expected;
  return out;
}

Crawl::Crawl() : known_{"/"} {
  waiting_.emplace_back("/");
  for (const char* path : kUsualPaths) {
    waiting_.emplace_back(path);
    known_.insert(path);
  }
}

// Of the same host only: other hosts are the simulated internet's.
void Crawl::follow(std::string_view link) {
  if (size_t scheme = link.find("://"); scheme != std::string_view::npos && scheme < 8) {
    size_t path = link.find('/', scheme + 3);
    link = path == std::string_view::npos ? "/" : link.substr(path);
  }
  link = link.substr(0, link.find('#'));
  if (link.starts_with("//") || link.find(':') < link.find('/'))
    return;  // another host, mailto:, javascript:
  std::string path(link);
  if (!path.empty() && path[0] != '/') path.insert(0, "/");
  if (links_ >= kMaxLinks || !is_sendable(path) || !known_.insert(path).second) return;
  ++links_;
  waiting_.insert(waiting_.begin() + static_cast<std::ptrdiff_t>(at_),
                  std::move(path));  // before the usual ones
}

void Crawl::learn(const HttpAnswer& answer) {
  if (!answer.location.empty()) follow(answer.location);
  for (std::string_view attribute : {"href=", "src=", "action="})
    for (size_t at = answer.body.find(attribute); at != std::string_view::npos;
         at = answer.body.find(attribute, at + 1)) {
      // No further than a path may be long: a page may be all attributes without an end.
      std::string_view rest = std::string_view(answer.body).substr(at + attribute.size(), kMaxPathBytes + 2);
      if (rest.empty()) break;
      char quote = rest[0] == '"' || rest[0] == '\'' ? rest[0] : 0;
      if (quote != 0) rest.remove_prefix(1);
      size_t end = quote != 0 ? rest.find(quote) : rest.find_first_of(" >");
      if (end != std::string_view::npos) follow(rest.substr(0, end));
    }
}

std::string Crawl::next() { return at_ < waiting_.size() ? waiting_[at_++] : ""; }

}  // namespace assay
