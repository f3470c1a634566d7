// The protocol is decided once, from the first bytes or the port's custom, and never revised.
#include "agent/sinkhole/talk.h"

#include <algorithm>
#include <utility>

namespace assay::sinkhole {
namespace {

constexpr std::string_view kSshBanner = "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n";
constexpr std::string_view kMailBanner = "220 mail ESMTP Postfix\r\n";
constexpr std::string_view kFtpBanner = "220 (vsFTPd 3.0.3)\r\n";
// Fatal, handshake_failure (RFC 8446 section 6): the client learns at once and goes on to what it does
// without TLS.
constexpr std::string_view kTlsAlert("\x15\x03\x01\x00\x02\x02\x28", 7);

bool is_mail_port(uint16_t port) { return port == 25 || port == 587; }

// The value after "key": in one line of JSON, as it stands there: a number, or a string with its quotes.
// Enough for an echo.
std::string_view json_value(std::string_view line, std::string_view key) {
  std::string quoted = '"' + std::string(key) + '"';
  size_t at = line.find(quoted);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + quoted.size());
  auto skip_space = [&] {
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  };
  skip_space();
  if (line.empty() || line.front() != ':') return {};
  line.remove_prefix(1);
  skip_space();
  if (line.empty()) return {};
  if (line.front() == '"') {
    size_t end = line.find('"', 1);
    return end == std::string_view::npos ? std::string_view{} : line.substr(0, end + 1);
  }
  return line.substr(0, line.find_first_of(",} \t]\r\n"));
}

// Numbers and plain strings only: it is sent back inside of our JSON.
std::string request_id(std::string_view line) {
  std::string_view id = json_value(line, "id");
  bool plain = !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '"' || c == '.';
  });
  return plain ? std::string(id) : "null";
}

std::string monero_job() {
  // A well-formed RandomX job that nobody solves within a scan: 76 bytes of blob, a hard target.
  return R"({"blob":"1010)" + std::string(148, '7') +
         R"(","job_id":"1","target":"01000000","algo":"rx/0","height":3000000,"seed_hash":")" +
         std::string(64, '3') + "\"}";
}

std::string reply(const std::string& id, const std::string& result) {
  return R"({"id":)" + id + R"(,"jsonrpc":"2.0","error":null,"result":)" + result + "}\n";
}

}  // namespace

bool looks_like_stratum(std::string_view line) {
  std::string_view method = json_value(line, "method");
  return line.starts_with('{') &&
         (method == R"("login")" || method.starts_with("\"mining.") || method.starts_with("\"eth_"));
}

std::string answer_stratum(std::string_view line) {
  std::string_view method = json_value(line, "method");
  std::string id = request_id(line);
  if (method == R"("login")")
    return reply(
        id, R"({"id":"a1f3","job":)" + monero_job() + R"(,"extensions":["algo","keepalive"],"status":"OK"})");
  if (method == R"("keepalived")") return reply(id, R"({"status":"KEEPALIVED"})");
  if (method == R"("submit")") return reply(id, R"({"status":"OK"})");
  if (method == R"("getjob")") return reply(id, monero_job());
  if (method == R"("mining.subscribe")") {
    return reply(id, R"([[["mining.set_difficulty","1"],["mining.notify","1"]],"08000002",4])") +
           R"({"id":null,"method":"mining.set_difficulty","params":[65536]})"
           "\n" +
           R"({"id":null,"method":"mining.notify","params":["1",")" + std::string(64, '3') +
           R"(","01000000","ffffffff",[],"20000000","1703a30c","65a0c1f0",true]})"
           "\n";
  }
  if (method == R"("eth_getWork")")
    return reply(id, R"(["0x)" + std::string(64, '7') + R"(","0x)" + std::string(64, '3') +
                         R"(","0x00000000ffff)" + std::string(52, '0') + "\"]");
  if (method.empty()) return "";  // an answer of the client's own
  return reply(id, "true");
}

void Talk::decide(std::string& out) {
  std::string_view first = held_;
  Match http = looks_like_http(first);
  bool whole_line = first.find('\n') != std::string_view::npos;
  if (http == Match::yes) {
    protocol_ = Protocol::http;
  } else if (first.starts_with("\x16\x03")) {
    protocol_ = Protocol::tls;
    closing_ = true;
    out += kTlsAlert;
  } else if (first.starts_with("SSH-")) {
    protocol_ = Protocol::ssh;
    if (!greeted_) out += kSshBanner;
  } else if (greeted_) {
    protocol_ = port_ == 22 ? Protocol::ssh : is_mail_port(port_) ? Protocol::mail : Protocol::ftp;
  } else if (whole_line && looks_like_stratum(first)) {
    protocol_ = Protocol::stratum;
  } else if (whole_line && is_mail_port(port_)) {
    protocol_ = Protocol::mail;
    out += kMailBanner;
  } else if (http == Match::no && first.size() >= 4 && (!first.starts_with('{') || whole_line)) {
    protocol_ = Protocol::silent;
  } else if (first.size() > kMaxLineBytes) {
    protocol_ = Protocol::silent;
  }
}

std::string Talk::hear(std::string_view bytes, int64_t unix_seconds) {
  std::string out;
  std::string first;
  if (protocol_ == Protocol::undecided) {
    held_ += bytes.substr(0, kMaxLineBytes + 1);
    // What follows a decision within the same bytes belongs to it: nothing of `bytes` is dropped below the
    // bound.
    decide(out);
    if (protocol_ == Protocol::undecided) return out;
    first = std::exchange(held_, {});
    if (bytes.size() > kMaxLineBytes + 1) first += bytes.substr(kMaxLineBytes + 1);
    bytes = first;
  }
  switch (protocol_) {
    case Protocol::http:
      return out + http_.feed(bytes, unix_seconds);
    case Protocol::mail:
    case Protocol::ftp:
    case Protocol::stratum:
      return out + hear_lines(bytes);
    default:
      return out;
  }
}

std::string Talk::hear_lines(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    if (c != '\n') {
      if (held_.size() < kMaxLineBytes) held_ += c;  // a longer line is cut
      continue;
    }
    if (!held_.empty() && held_.back() == '\r') held_.pop_back();
    if (!closing_) out += answer_line(held_);
    held_.clear();
  }
  return out;
}

std::string Talk::answer_line(std::string_view line) {
  if (protocol_ == Protocol::stratum) return answer_stratum(line);
  std::string verb(line.substr(0, 4));
  for (char& c : verb)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  closing_ = verb == "QUIT" && !in_message_;
  if (protocol_ == Protocol::ftp) {
    if (verb == "USER") return "331 Please specify the password.\r\n";
    if (verb == "PASS") return "230 Login successful.\r\n";
    return closing_ ? "221 Goodbye.\r\n" : "502 Command not implemented.\r\n";
  }
  if (in_message_) {
    if (line != ".") return "";
    in_message_ = false;
    return "250 2.0.0 Ok: queued\r\n";
  }
  in_message_ = verb == "DATA";
  if (in_message_) return "354 End data with <CR><LF>.<CR><LF>\r\n";
  return closing_ ? "221 2.0.0 Bye\r\n" : "250 2.0.0 Ok\r\n";
}

std::string Talk::silence() {
  if (greeted_ || protocol_ != Protocol::undecided) return "";
  std::string_view banner = port_ == 22           ? kSshBanner
                            : is_mail_port(port_) ? kMailBanner
                            : port_ == 21         ? kFtpBanner
                                                  : "";
  greeted_ = !banner.empty();
  return std::string(banner);
}

}  // namespace assay::sinkhole
