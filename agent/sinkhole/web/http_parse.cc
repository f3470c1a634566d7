// Line by line through the head, then through the body in one of its two framings.
#include "agent/sinkhole/web/http_parse.h"

#include <algorithm>
#include <charconv>

#include "common/ascii.h"

namespace assay::sinkhole {
namespace {

bool token_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), token_char);
}

// A whole number and nothing else.
template <int base>
bool read_number(std::string_view text, uint64_t& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool has_word(std::string_view list, std::string_view lower_word) {
  while (!list.empty()) {
    size_t comma = std::min(list.find(','), list.size());
    if (ascii_lower(trimmed(list.substr(0, comma))) == lower_word) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

void HttpParser::reset() { *this = HttpParser(); }

size_t HttpParser::take(std::string_view bytes) {
  size_t taken = 0;
  if (state_ == State::headed) state_ = State::body;
  if (state_ == State::body && !has_body()) state_ = State::done;
  while (taken < bytes.size() && (state_ == State::head || state_ == State::body)) {
    std::string_view rest = bytes.substr(taken);
    if (state_ == State::head) {
      taken += take_line(rest);
      if (state_ == State::head && line_.ends_with('\n')) head_line();
    } else {
      taken += take_body(rest);
    }
  }
  return taken;
}

// Appends up to the next newline, and never more than a head may have.
size_t HttpParser::take_line(std::string_view bytes) {
  size_t end = bytes.find('\n');
  size_t size = end == std::string_view::npos ? bytes.size() : end + 1;
  if (head_bytes_ + size > kMaxHeadBytes) {
    state_ = state_ == State::head ? State::too_long : State::bad;
    return 0;
  }
  head_bytes_ += size;
  line_ += bytes.substr(0, size);
  return size;
}

void HttpParser::head_line() {
  std::string taken = std::move(line_);
  line_.clear();
  std::string_view line(taken);
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (request_.method.empty()) {
    if (line.empty())
      head_bytes_ = 0;  // between two requests
    else if (!read_request_line(line))
      state_ = State::bad;
  } else if (line.empty()) {
    state_ = finish_head() ? State::headed : State::bad;
  } else if (!read_field(line)) {
    state_ = State::bad;
  }
}

bool HttpParser::read_request_line(std::string_view line) {
  size_t space = line.find(' '), last = line.rfind(' ');
  if (space == std::string_view::npos || last == space) return false;
  std::string_view version = line.substr(last + 1);
  request_.target = trimmed(line.substr(space + 1, last - space - 1));
  if (!is_token(line.substr(0, space)) || !version.starts_with("HTTP/1.") || request_.target.empty())
    return false;
  request_.method = line.substr(0, space);
  http10_ = version == "HTTP/1.0";
  return true;
}

bool HttpParser::read_field(std::string_view line) {
  auto& headers = request_.headers;
  if (line[0] == ' ' || line[0] == '\t') {  // obs-fold: the line before goes on
    if (headers.empty()) return false;
    headers.back().second += " " + std::string(trimmed(line));
    return true;
  }
  size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || headers.size() >= kMaxHeaders)
    return false;
  headers.emplace_back(ascii_lower(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
  return true;
}

bool HttpParser::finish_head() { return read_target() && read_framing(); }

// RFC 9112 section 3.2: "/path?query", "http://host/path", "host:port" of CONNECT, "*".
bool HttpParser::read_target() {
  std::string_view rest = request_.target;
  std::string_view authority = request_.header("host");
  if (request_.method == "CONNECT") {
    authority = rest;
    rest = {};
  } else if (size_t scheme = rest.find("://");
             scheme != std::string_view::npos && is_token(rest.substr(0, scheme))) {
    rest.remove_prefix(scheme + 3);
    authority = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(authority.size());
  }
  rest = rest.substr(0, rest.find('#'));
  size_t query = std::min(rest.find('?'), rest.size());
  request_.path = rest.empty() || rest[0] == '?' ? "/" : std::string(rest.substr(0, query));
  request_.query = rest.substr(std::min(query + 1, rest.size()));
  authority.remove_prefix(std::min(authority.rfind('@') + 1, authority.size()));  // npos + 1 is 0
  size_t colon = authority.starts_with('[') ? authority.find("]:") : authority.rfind(':');
  if (colon != std::string_view::npos)
    authority = authority.substr(0, authority[colon] == ']' ? colon + 1 : colon);
  request_.host = ascii_lower(authority.substr(0, 255));
  return true;
}

// RFC 9112 section 6.3: chunks win over a length.
bool HttpParser::read_framing() {
  bool length_seen = false;
  std::vector<std::string> transfer, content;
  for (const auto& [name, value] : request_.headers) {
    if (name == "content-length") {
      uint64_t length = 0;
      if (!read_number<10>(value, length) || (length_seen && length != body_left_)) return false;
      body_left_ = length;
      length_seen = true;
    }
    if (name != "transfer-encoding" && name != "content-encoding") continue;
    auto& list = name == "transfer-encoding" ? transfer : content;
    for (std::string_view rest = value; !rest.empty() && list.size() < 8;) {
      size_t comma = std::min(rest.find(','), rest.size());
      std::string coding = ascii_lower(trimmed(rest.substr(0, comma)));
      if (!coding.empty() && coding != "identity") list.push_back(std::move(coding));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  if (!transfer.empty()) {
    if (transfer.back() != "chunked") return false;
    transfer.pop_back();
    chunked_ = true;
    body_left_ = 0;
  }
  codings_ = std::move(content);
  codings_.insert(codings_.end(), transfer.begin(), transfer.end());
  head_bytes_ = 0;
  return true;
}

size_t HttpParser::take_body(std::string_view bytes) {
  if (chunked_ && chunk_ != Chunk::data) {
    size_t taken = take_line(bytes);
    if (state_ == State::body && line_.ends_with('\n')) chunk_line();
    return taken;
  }
  size_t size = static_cast<size_t>(std::min<uint64_t>(body_left_, bytes.size()));
  size_t room = kept_ - std::min(kept_, request_.body.size());
  request_.body += bytes.substr(0, std::min(size, room));
  request_.body_bytes += size;
  body_left_ -= size;
  if (body_left_ > 0) return size;
  if (chunked_)
    chunk_ = Chunk::end;
  else
    state_ = State::done;
  return size;
}

// RFC 9112 section 7.1: "1a;extension", then the data, then an empty line; after "0" the trailers.
void HttpParser::chunk_line() {
  std::string taken = std::move(line_);
  line_.clear();
  std::string_view line(taken);
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (chunk_ == Chunk::end) {
    if (!line.empty()) state_ = State::bad;
    chunk_ = Chunk::size;
    head_bytes_ = 0;
  } else if (chunk_ == Chunk::trailer) {
    if (line.empty()) state_ = State::done;
  } else {
    if (!read_number<16>(trimmed(line.substr(0, line.find(';'))), body_left_)) state_ = State::bad;
    chunk_ = body_left_ > 0 ? Chunk::data : Chunk::trailer;
    chunks_ += body_left_ > 0;
    head_bytes_ = 0;
  }
}

}  // namespace assay::sinkhole
