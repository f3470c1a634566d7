#include "agent/provoke/probe_protocols.h"

#include <algorithm>
#include <array>

#include "agent/provoke/probe_http.h"

namespace assay {
namespace {

using std::string;
using std::string_view;

bool has(string_view text, string_view part) { return text.find(part) != string_view::npos; }
string nothing() { return ""; }
string enough(string_view, size_t) { return ""; }

// big-endian 32 bits at `at`
uint32_t be32(string_view bytes, size_t at) {
  uint32_t out = 0;
  for (size_t i = 0; i < 4; ++i)
    out = out << 8 | static_cast<uint8_t>(at + i < bytes.size() ? bytes[at + i] : 0);
  return out;
}

string be32(uint32_t value) {
  string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
  return out;
}

string http_first() { return http_request("/", "localhost"); }
bool is_http(string_view answer) { return answer.starts_with("HTTP/"); }

string redis_command(string_view word) {
  return "*1\r\n$" + std::to_string(word.size()) + "\r\n" + string(word) + "\r\n";
}
string redis_first() { return redis_command("PING"); }
bool is_redis(string_view answer) {
  return answer.starts_with("+PONG") || answer.starts_with("-NOAUTH") || answer.starts_with("-DENIED") ||
         answer.starts_with("-ERR ") || answer.starts_with("-LOADING");
}
string redis_reply(string_view, size_t turn) {
  constexpr std::array kCommands = {"INFO", "QUIT"};
  return turn < kCommands.size() ? redis_command(kCommands[turn]) : "";
}

// Protocol 3.0 start-up message: protocol-message-formats of PostgreSQL's manual.
string postgres_first() {
  string body = be32(196608) + string("user\0postgres\0database\0postgres\0\0", 33);
  return be32(static_cast<uint32_t>(body.size()) + 4) + body;
}
bool is_postgres(string_view answer) {
  if (answer.size() < 9) return false;
  uint32_t length = be32(answer, 1);
  if (answer[0] == 'R') return length >= 8 && length < 2000 && be32(answer, 5) <= 12;
  return answer[0] == 'E' && length < 4000 && has("SFVC", answer.substr(5, 1));
}
string postgres_reply(string_view answer, size_t turn) {
  if (turn > 0 || answer[0] != 'R' || be32(answer, 5) != 0) return "";
  constexpr string_view kQuery = "SELECT version()";
  return "Q" + be32(kQuery.size() + 5) + string(kQuery) + '\0' + "X" + be32(4);
}

bool is_memcached(string_view answer) {
  return answer.starts_with("VERSION ") || answer.starts_with("ERROR\r\n");
}
string memcached_first() { return "version\r\n"; }
string memcached_reply(string_view, size_t turn) {
  return turn == 0 ? "stats\r\n" : turn == 1 ? "quit\r\n" : "";
}

// CONNECT of MQTT 3.1.1, clean session, keep-alive of a minute.
string mqtt_first() { return string("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04wire", 18); }
bool is_mqtt(string_view answer) {
  return answer.starts_with(string_view("\x20\x02", 2)) && answer.size() >= 4;
}
string mqtt_reply(string_view answer, size_t turn) {
  if (turn > 0 || answer[3] != 0) return "";
  return string("\x82\x06\x00\x01\x00\x01#\x00", 8);  // SUBSCRIBE to everything
}

bool is_ssh(string_view answer) { return answer.starts_with("SSH-"); }
string ssh_reply(string_view, size_t turn) { return turn == 0 ? "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n" : ""; }

bool is_smtp(string_view answer) {
  return answer.starts_with("220") && (has(answer, "SMTP") || has(answer, "ostfix") || has(answer, "Exim"));
}
string smtp_reply(string_view, size_t turn) {
  return turn == 0 ? "EHLO gateway.internal\r\n" : turn == 1 ? "QUIT\r\n" : "";
}

bool is_ftp(string_view answer) { return answer.starts_with("220") && !is_smtp(answer); }
string ftp_reply(string_view, size_t turn) {
  constexpr std::array kCommands = {"USER anonymous\r\n", "PASS guest@gateway.internal\r\n", "SYST\r\n",
                                    "QUIT\r\n"};
  return turn < kCommands.size() ? kCommands[turn] : "";
}

// Its greeting is packet 0, of protocol 10, or an error that this host may not connect.
bool is_mysql(string_view answer) {
  if (answer.size() < 6 || answer[3] != 0) return false;
  return answer[4] == '\x0a' || (answer[4] == '\xff' && has(answer, "not allowed to connect"));
}
// HandshakeResponse41 as root without a password; MySQL's manual, "Protocol::HandshakeResponse41".
string mysql_reply(string_view answer, size_t turn) {
  if (answer.size() > 4 && answer[4] == '\xff') return "";
  if (turn == 1 && answer.size() > 4 && answer[4] == '\x00') return string("\x01\0\0\0\x0e", 5);  // COM_PING
  if (turn > 0) return "";
  string body = string("\x00\x82\x08\x00\x00\x00\x00\x01\x21", 9) + string(23, '\0') + "root" +
                string(2, '\0') + "mysql_native_password" + '\0';
  return string(1, static_cast<char>(body.size())) + string("\0\0\x01", 3) + body;
}

bool is_pop3(string_view answer) { return answer.starts_with("+OK"); }
string quit_reply(string_view, size_t turn) { return turn == 0 ? "QUIT\r\n" : ""; }
bool is_imap(string_view answer) { return answer.starts_with("* OK"); }
string imap_reply(string_view, size_t turn) {
  return turn == 0 ? "a CAPABILITY\r\n" : turn == 1 ? "b LOGOUT\r\n" : "";
}
bool is_vnc(string_view answer) { return answer.starts_with("RFB 00"); }
string vnc_reply(string_view answer, size_t turn) { return turn == 0 ? string(answer.substr(0, 12)) : ""; }

constexpr std::array<ProbeProtocol, 13> kProtocols = {{
    {"http", http_first, is_http, enough},
    {"ssh", nothing, is_ssh, ssh_reply},
    {"smtp", nothing, is_smtp, smtp_reply},
    {"ftp", nothing, is_ftp, ftp_reply},
    {"mysql", nothing, is_mysql, mysql_reply},
    {"imap", nothing, is_imap, imap_reply},
    {"vnc", nothing, is_vnc, vnc_reply},
    {"redis", redis_first, is_redis, redis_reply},
    {"pop3", nothing, is_pop3, quit_reply},
    {"postgres", postgres_first, is_postgres, postgres_reply},
    {"memcached", memcached_first, is_memcached, memcached_reply},
    {"mqtt", mqtt_first, is_mqtt, mqtt_reply},
    {"line", [] { return string("\r\n"); }, [](string_view) { return false; }, enough},
}};

struct PortHint {
  uint32_t port;
  const char* app;
};
constexpr std::array kHints = {PortHint{443, "https"},     PortHint{8443, "https"},
                               PortHint{6443, "https"},    PortHint{6379, "redis"},
                               PortHint{6380, "redis"},    PortHint{5432, "postgres"},
                               PortHint{5433, "postgres"}, PortHint{11211, "memcached"},
                               PortHint{1883, "mqtt"},     PortHint{26379, "redis"}};

}  // namespace

const ProbeProtocol* recognise(string_view answer) {
  auto found = std::find_if(kProtocols.begin(), kProtocols.end(),
                            [&](const ProbeProtocol& protocol) { return protocol.recognises(answer); });
  return found == kProtocols.end() ? nullptr : &*found;
}

const ProbeProtocol* probe_protocol(string_view app) {
  auto found = std::find_if(kProtocols.begin(), kProtocols.end(),
                            [&](const ProbeProtocol& protocol) { return protocol.app == app; });
  return found == kProtocols.end() ? nullptr : &*found;
}

std::vector<string> candidates_for(uint32_t port) {
  std::vector<string> out;
  for (const PortHint& hint : kHints)
    if (hint.port == port) out.push_back(hint.app);
  for (const char* app : {"http", "https", "redis", "postgres", "mqtt", "line"})
    if (std::find(out.begin(), out.end(), app) == out.end()) out.push_back(app);
  return out;
}

string dns_question() {
  return string("\x2a\x17\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07gateway\x08internal\x00\x00\x01\x00\x01",
                34);
}

}  // namespace assay
