// Fields in the order in which common servers write them.
#include "agent/sinkhole/web/http_answer.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

#include "agent/lure/encodings.h"
#include "agent/sinkhole/web/packages.h"
#include "common/ascii.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

constexpr int64_t kDay = 86'400;

const char* reason(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 207:
      return "Multi-Status";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 416:
      return "Range Not Satisfiable";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return status < 300 ? "OK" : status < 400 ? "Redirect" : "Error";
  }
}

const std::string* field(const WebAnswer& answer, std::string_view lower_name) {
  for (const auto& [name, value] : answer.headers)
    if (ascii_lower(name) == lower_name) return &value;
  return nullptr;
}

struct Range {
  size_t begin = 0, end = 0;  // begin == end: not satisfiable
};

bool read_size(std::string_view text, size_t& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// "bytes=5-", "bytes=5-9", "bytes=-3"; nothing for several ranges and nonsense, which are to be ignored.
std::optional<Range> read_range(std::string_view value, size_t size) {
  if (!value.starts_with("bytes=")) return std::nullopt;
  value.remove_prefix(6);
  size_t dash = value.find('-'), first = 0, last = 0;
  if (dash == std::string_view::npos || value.find(',') != std::string_view::npos) return std::nullopt;
  std::string_view from = value.substr(0, dash), to = value.substr(dash + 1);
  if (from.empty()) {
    if (!read_size(to, last)) return std::nullopt;
    return Range{size - std::min(last, size), size};
  }
  if (!read_size(from, first)) return std::nullopt;
  if (to.empty())
    last = size - (size > 0);
  else if (!read_size(to, last) || last < first)
    return std::nullopt;
  if (first >= size) return Range{};
  return Range{first, std::min(last, size - 1) + 1};
}

// What was changed when follows from what it is, so that it is the same when asked again today.
std::string last_modified(const Digest& digest, int64_t unix_seconds) {
  int64_t days_ago = 2 + digest.bytes[0] % 60, second = digest.bytes[1] * 256 + digest.bytes[2];
  return http_date((unix_seconds / kDay - days_ago) * kDay + second);
}

// Cuts the body to what was asked for, and says so.
void apply_range(const WebRequest& request, WebAnswer& answer, const std::string& etag) {
  std::string_view condition = request.header("if-range");
  if (!condition.empty() && condition != etag) return;
  auto range = read_range(request.header("range"), answer.body.size());
  if (!range) return;
  std::string size = std::to_string(answer.body.size());
  if (range->begin == range->end) {
    answer.status = 416;
    answer.headers.emplace_back("Content-Range", "bytes */" + size);
    answer.body.clear();
    return;
  }
  answer.status = 206;
  answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(range->begin) + "-" +
                                                   std::to_string(range->end - 1) + "/" + size);
  answer.body = answer.body.substr(range->begin, range->end - range->begin);
}

}  // namespace

std::string http_date(int64_t unix_seconds) {
  std::time_t time = unix_seconds;
  std::tm tm{};
  char text[64];
  if (!::gmtime_r(&time, &tm) || std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
    return "";
  return text;
}

std::string websocket_accept(std::string_view key) {
  std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  return lure::base64(raw_digest("sha1", text));
}

std::string render(const WebRequest& request, WebAnswer answer, bool close, int64_t unix_seconds) {
  bool gets = request.method == "GET" || request.method == "HEAD";
  std::string fields;
  if (gets && answer.status == 200 && !answer.body.empty() && !field(answer, "etag")) {
    Digest digest = Digest::of(answer.body);
    std::string etag = "\"" + digest.hex().substr(0, 16) + "\"";
    fields = "Last-Modified: " + last_modified(digest, unix_seconds) + "\r\nETag: " + etag +
             "\r\nAccept-Ranges: bytes\r\n";
    apply_range(request, answer, etag);
  }
  const std::string* server = field(answer, "server");
  std::string out = "HTTP/1.1 " + std::to_string(answer.status) + " " + reason(answer.status) + "\r\n";
  if (!server) out += "Server: nginx\r\n";
  out += "Date: " + http_date(unix_seconds) + "\r\n";
  bool bodiless = answer.status < 200 || answer.status == 204 || answer.status == 304;
  if (!bodiless) {
    if (!answer.content_type.empty()) out += "Content-Type: " + answer.content_type + "\r\n";
    out += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  }
  if (answer.status != 101) out += std::string("Connection: ") + (close ? "close" : "keep-alive") + "\r\n";
  out += fields;
  for (const auto& [name, value] : answer.headers)
    if (!value.empty()) out += name + ": " + value + "\r\n";  // an empty Server: none at all
  out += "\r\n";
  if (!bodiless && request.method != "HEAD") out += answer.body;
  return out;
}

}  // namespace assay::sinkhole
