// Three small parsers over a cursor that cannot leave its bytes.
#include "agent/trace/flow_parse.h"

#include <algorithm>

#include "agent/trace/sockaddr.h"
#include "common/ascii.h"

namespace assay {
namespace {

constexpr size_t kMaxTarget = 2048, kMaxHost = 256, kMaxText = 512;

// Reads big-endian numbers and spans; once it ran over the end it stays bad, and returns zeros and nothing.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  bool ok() const { return ok_; }
  size_t left() const { return ok_ ? bytes_.size() - at_ : 0; }
  size_t at() const { return at_; }
  uint32_t number(size_t width) {
    uint32_t value = 0;
    for (char c : span(width)) value = value << 8 | static_cast<uint8_t>(c);
    return value;
  }
  std::string_view span(size_t size) {
    if (!ok_ || size > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    auto out = bytes_.substr(at_, size);
    at_ += size;
    return out;
  }
  void skip(size_t size) { span(size); }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

// A name at `at`, following compression pointers, which must point backwards (so that there is no cycle).
// `end`: behind the name itself.
std::optional<std::string> dns_name(std::string_view message, size_t at, size_t& end) {
  std::string out;
  size_t limit = message.size();
  bool jumped = false;
  while (at < limit) {
    auto length = static_cast<uint8_t>(message[at]);
    if (length == 0) {
      if (!jumped) end = at + 1;
      return out;
    }
    if ((length & 0xc0) == 0xc0) {
      if (at + 1 >= message.size()) return {};
      size_t target = static_cast<size_t>(length & 0x3f) << 8 | static_cast<uint8_t>(message[at + 1]);
      if (target >= at) return {};
      if (!jumped) end = at + 2;
      jumped = true;
      limit = at;  // whatever follows lies before this pointer
      at = target;
      continue;
    }
    if (length > 63 || at + 1 + length > message.size() || out.size() + length + 1 > 255) return {};
    if (!out.empty()) out += '.';
    for (char c : message.substr(at + 1, length)) out += ascii_lower(c);
    at += 1u + length;
    if (jumped && at >= limit) return {};
  }
  return {};
}

std::string type_name(uint32_t type) {
  switch (type) {
    case 1:
      return "A";
    case 2:
      return "NS";
    case 5:
      return "CNAME";
    case 6:
      return "SOA";
    case 10:
      return "NULL";
    case 12:
      return "PTR";
    case 15:
      return "MX";
    case 16:
      return "TXT";
    case 28:
      return "AAAA";
    case 33:
      return "SRV";
    case 35:
      return "NAPTR";
    case 43:
      return "DS";
    case 48:
      return "DNSKEY";
    case 64:
      return "SVCB";
    case 65:
      return "HTTPS";
    case 252:
      return "AXFR";
    case 255:
      return "ANY";
    case 257:
      return "CAA";
    default:
      return "TYPE" + std::to_string(type);
  }
}

std::string text_of(std::string_view data) {
  std::string out;
  while (!data.empty()) {  // character-strings: a length byte and as many bytes
    size_t length = std::min<size_t>(static_cast<uint8_t>(data[0]), data.size() - 1);
    out += data.substr(1, length);
    data.remove_prefix(1 + length);
  }
  return out.substr(0, kMaxText);
}

// The data of one record in text; `at` is where it starts in the message, for compressed names.
std::string answer_text(std::string_view message, uint32_t type, size_t at, std::string_view data) {
  size_t end = 0;
  auto name_at = [&](size_t offset) { return dns_name(message, at + offset, end).value_or("?"); };
  if ((type == 1 && data.size() == 4) || (type == 28 && data.size() == 16)) return ip_text(data);
  if (type == 2 || type == 5 || type == 12) return name_at(0);
  if (type == 15 && data.size() > 2) return name_at(2);
  if (type == 33 && data.size() > 6) return name_at(6);
  if (type == 16) return text_of(data);
  return type_name(type);
}

}  // namespace

std::optional<DnsMessage> parse_dns(std::string_view message) {
  DnsMessage out;
  Cursor c(message);
  c.skip(2);
  uint32_t flags = c.number(2), questions = c.number(2), answers = c.number(2);
  c.skip(4);
  if (!c.ok() || questions == 0) return {};
  out.response = (flags & 0x8000) != 0;
  out.rcode = flags & 15;
  size_t at = 12;
  for (uint32_t i = 0; i < questions; ++i) {
    auto name = dns_name(message, at, at);
    if (!name || at + 4 > message.size()) {
      if (i == 0) return {};
      out.more += questions - i;
      return out;
    }
    Cursor type(message.substr(at));
    if (i == 0) {
      out.name = *name;
      out.query_type = type_name(type.number(2));
    } else {
      ++out.more;
    }
    at += 4;
  }
  for (uint32_t i = 0; i < answers; ++i) {
    auto name = dns_name(message, at, at);
    Cursor record(name ? message.substr(at) : std::string_view());
    uint32_t type = record.number(2);
    record.skip(6);
    auto data = record.span(record.number(2));
    if (!record.ok() || out.answers.size() >= kMaxDnsAnswers) {
      out.more += answers - i;
      break;
    }
    out.answers.push_back(answer_text(message, type, at + 10, data));
    at += record.at();
  }
  return out;
}

std::optional<ClientHello> parse_client_hello(std::string_view stream, bool& wants_more) {
  wants_more = false;
  constexpr std::string_view kStart("\x16\x03", 2);
  if (stream.substr(0, 2) != kStart.substr(0, std::min<size_t>(2, stream.size()))) return {};
  // The handshake message may be spread over several records: take their headers out first.
  std::string handshake;
  Cursor records(stream);
  while (records.left() > 5) {
    if (records.number(1) != 0x16) break;
    records.skip(2);
    size_t length = records.number(2);
    handshake += records.span(std::min(length, records.left()));
  }
  if (!handshake.empty() && handshake[0] != 1) return {};
  Cursor c(handshake);
  c.skip(1);
  size_t length = c.number(3);
  if (length > 64 * 1024) return {};
  wants_more = !c.ok() || c.left() < length;
  c.skip(2 + 32);       // version, random
  c.skip(c.number(1));  // session id
  c.skip(c.number(2));  // cipher suites
  c.skip(c.number(1));  // compression methods
  c.skip(2);            // length of all extensions
  while (c.ok() && c.left() >= 4) {
    uint32_t type = c.number(2);
    auto body = c.span(c.number(2));
    if (type != 0 || !c.ok()) continue;
    Cursor name(body);
    name.skip(2);
    if (name.number(1) != 0) return {};  // host_name is the only type there is
    auto host = name.span(name.number(2));
    if (!name.ok()) return {};
    wants_more = false;
    ClientHello out;
    for (char ch : host.substr(0, kMaxHost)) out.server_name += ascii_lower(ch);
    return out;
  }
  if (wants_more) return {};
  return c.ok() ? std::optional(ClientHello{}) : std::nullopt;
}

std::optional<HttpRequest> parse_http_request(std::string_view stream, bool at_end, bool& wants_more) {
  wants_more = false;
  static constexpr std::string_view kMethods[] = {"GET ",    "POST ",     "HEAD ",  "PUT ",
                                                  "DELETE ", "OPTIONS ",  "PATCH ", "CONNECT ",
                                                  "TRACE ",  "PROPFIND ", "PRI "};
  auto method = std::find_if(std::begin(kMethods), std::end(kMethods), [&](auto m) {
    return stream.substr(0, m.size()) == m.substr(0, std::min(m.size(), stream.size()));
  });
  if (method == std::end(kMethods) || stream.empty()) return {};
  size_t line_end = stream.find('\n');
  if (line_end == std::string_view::npos && !at_end) {
    wants_more = stream.size() < 4096;
    return {};
  }
  auto line = stream.substr(0, line_end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  size_t space = line.find(' '), version = line.rfind(" HTTP/");
  if (space == std::string_view::npos || version == std::string_view::npos || version < space) return {};
  HttpRequest out;
  out.method = line.substr(0, space);
  if (version > space) out.target = line.substr(space + 1, std::min(version - space - 1, kMaxTarget));
  auto rest = line_end == std::string_view::npos ? std::string_view() : stream.substr(line_end + 1);
  while (!rest.empty()) {
    size_t end = rest.find('\n');
    if (end == std::string_view::npos) break;
    auto header = rest.substr(0, end);
    if (header.ends_with('\r')) header.remove_suffix(1);
    rest.remove_prefix(end + 1);
    if (header.empty()) return out;  // end of the head
    size_t colon = header.find(':');
    if (colon == std::string_view::npos || !equal_ignoring_case(header.substr(0, colon), "host")) continue;
    auto value = header.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    value = value.substr(0, value.find_last_not_of(" \t") + 1);
    out.host = value.substr(0, kMaxHost);
    return out;
  }
  if (at_end || stream.size() >= 4096) return out;
  wants_more = true;
  return {};
}

}  // namespace assay
