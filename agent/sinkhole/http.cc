// Heads are cut out of the stream, bodies skipped, and each head answered from its method, path and a few
// fields.
#include "agent/sinkhole/http.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

namespace assay::sinkhole {
namespace {

constexpr std::string_view kMethods[] = {"GET ",   "POST ",    "HEAD ",    "PUT ",     "DELETE ",
                                         "PATCH ", "OPTIONS ", "CONNECT ", "PROPFIND "};
constexpr std::string_view kScript = "#!/bin/sh\necho ok\n";
constexpr std::string_view kPage =
    "<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\n<body><h1>It works!</h1></body></html>\n";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

struct Head {
  std::string_view method, target;
  bool http10 = false;
  bool chunked = false, expects_continue = false, downloader = false, json = false;
  std::string connection;  // lower case
  uint64_t content_length = 0;
};

bool read_field(std::string_view line, Head& head) {
  size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  std::string name = lower(line.substr(0, colon));
  std::string value = lower(trim(line.substr(colon + 1)));
  if (name == "content-length") {
    auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), head.content_length);
    if (error != std::errc() || end != value.data() + value.size()) return false;
  }
  if (name == "connection") head.connection = value;
  if (name == "transfer-encoding") head.chunked = true;
  if (name == "expect") head.expects_continue = value == "100-continue";
  if (name == "accept" || name == "content-type") head.json |= value.starts_with("application/json");
  if (name == "user-agent")
    head.downloader = value.starts_with("curl/") || value.starts_with("wget") || value.starts_with("busybox");
  return true;
}

std::optional<Head> parse_head(std::string_view text) {
  Head head;
  bool first = true;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!first) {
      if (!line.empty() && !read_field(line, head)) return std::nullopt;
      continue;
    }
    first = false;
    size_t space = line.find(' '), last = line.rfind(' ');
    if (space == std::string_view::npos || last == space) return std::nullopt;
    head.method = line.substr(0, space);
    head.target = trim(line.substr(space + 1, last - space - 1));
    std::string_view version = line.substr(last + 1);
    if (!version.starts_with("HTTP/1.") || head.target.empty()) return std::nullopt;
    head.http10 = version == "HTTP/1.0";
  }
  return head;
}

struct Body {
  std::string_view type, bytes;
};

// "http://host/a/b.sh?x=1" and "/a/b.sh?x=1": what counts is "b.sh".
Body body_for(const Head& head) {
  std::string_view path = head.target.substr(0, head.target.find_first_of("?#"));
  if (size_t scheme = path.find("://"); scheme != std::string_view::npos) {
    path.remove_prefix(scheme + 3);
    path.remove_prefix(std::min(path.find('/'), path.size()));
  }
  std::string_view leaf = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  size_t dot = leaf.rfind('.');
  std::string extension = dot == std::string_view::npos ? "" : lower(leaf.substr(dot + 1));
  if (extension == "sh" || extension == "bash") return {"application/x-sh", kScript};
  if (extension == "json" || head.json || path.find("/api/") != std::string_view::npos)
    return {"application/json", "{}\n"};
  if (extension == "txt") return {"text/plain", "ok\n"};
  if (extension == "py") return {"text/x-python", "print('ok')\n"};
  if (extension == "js") return {"application/javascript", "\n"};
  if (extension == "css") return {"text/css", "\n"};
  // `curl -O http://host/bot`: whoever fetches a bare name with a tool wants to run it.
  if (extension.empty() && !leaf.empty() && head.downloader) return {"application/octet-stream", kScript};
  if (extension.empty() || extension == "html" || extension == "htm" || extension == "php" ||
      extension == "asp")
    return {"text/html", kPage};
  return {"application/octet-stream", kScript};
}

std::string date(int64_t unix_seconds) {
  std::time_t time = unix_seconds;
  std::tm tm{};
  char text[64];
  if (!::gmtime_r(&time, &tm) || std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
    return "";
  return text;
}

std::string response(std::string_view status, const Body& body, bool head_only, bool close,
                     int64_t unix_seconds) {
  std::string out = "HTTP/1.1 " + std::string(status) + "\r\nServer: nginx\r\nDate: " + date(unix_seconds) +
                    "\r\nContent-Type: " + std::string(body.type) +
                    "\r\nContent-Length: " + std::to_string(body.bytes.size()) +
                    "\r\nConnection: " + (close ? "close" : "keep-alive") + "\r\n\r\n";
  if (!head_only) out += body.bytes;
  return out;
}

}  // namespace

namespace {
class HttpConversation : public Conversation {
 public:
  std::string_view app() const override { return "http"; }
  std::string hear(std::string_view bytes, Moment& moment) override {
    return session_.feed(bytes, moment.unix_seconds());
  }
  bool closing() const override { return session_.closing(); }

 private:
  HttpSession session_;
};
}  // namespace

std::unique_ptr<Conversation> open_http(Moment&) { return std::make_unique<HttpConversation>(); }

Match begins_http(std::string_view first, const Peer&) {
  for (std::string_view method : kMethods) {
    if (first.starts_with(method)) return Match::yes;
    if (method.starts_with(first)) return Match::maybe;
  }
  return Match::no;
}

void HttpSession::answer(std::string_view text, int64_t unix_seconds, std::string& out) {
  constexpr Body kNothing{"text/plain", ""};
  auto head = parse_head(text);
  if (!head) {
    closing_ = true;
    out += response("400 Bad Request", kNothing, false, true, unix_seconds);
    return;
  }
  // The end of a chunked body is not looked for: the answer comes at once, and the connection ends with it.
  closing_ = head->chunked || head->connection.find("close") != std::string::npos ||
             (head->http10 && head->connection.find("keep-alive") == std::string::npos);
  if (head->expects_continue && !closing_) out += "HTTP/1.1 100 Continue\r\n\r\n";
  body_left_ = head->content_length;
  if (head->method == "CONNECT") {
    closing_ = true;
    out += response("405 Method Not Allowed", kNothing, false, true, unix_seconds);
    return;
  }
  Body body = head->method == "OPTIONS" ? kNothing : body_for(*head);
  out += response("200 OK", body, head->method == "HEAD", closing_, unix_seconds);
}

std::string HttpSession::feed(std::string_view bytes, int64_t unix_seconds) {
  std::string out;
  while (!bytes.empty() && !closing_) {
    size_t skipped = static_cast<size_t>(std::min<uint64_t>(body_left_, bytes.size()));
    body_left_ -= skipped;
    bytes.remove_prefix(skipped);
    if (bytes.empty()) break;
    // Line by line into the buffer until an empty line ends the head.
    size_t end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
    if (buffer_.size() + end > kMaxHeadBytes) {
      closing_ = true;
      out += response("431 Request Header Fields Too Large", {"text/plain", ""}, false, true, unix_seconds);
      break;
    }
    buffer_ += bytes.substr(0, end);
    bytes.remove_prefix(end);
    if (buffer_ == "\r\n" || buffer_ == "\n") buffer_.clear();  // between two requests
    if (buffer_.ends_with("\n\r\n") || buffer_.ends_with("\n\n")) {
      answer(buffer_, unix_seconds, out);
      buffer_.clear();
    }
  }
  return out;
}

}  // namespace assay::sinkhole
