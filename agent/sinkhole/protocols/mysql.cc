// Greeting, login, and text queries.
#include "agent/sinkhole/protocols/mysql.h"

#include <algorithm>

#include "agent/sinkhole/protocols/frames.h"
#include "agent/sinkhole/protocols/sql.h"
#include "common/digest.h"

namespace assay::sinkhole {
namespace {

constexpr std::string_view kVersion = "10.11.6-MariaDB-0+deb12u1";
constexpr std::string_view kPlugin = "mysql_native_password";
constexpr size_t kSaltBytes = 20;
// Capabilities (MariaDB: "Connection", server's initial handshake).
constexpr uint32_t kLongPassword = 1, kFoundRows = 2, kConnectWithDb = 8, kProtocol41 = 512,
                   kTransactions = 8192, kSecureConnection = 1 << 15, kMultiStatements = 1 << 16,
                   kMultiResults = 1 << 17, kPluginAuth = 1 << 19, kLengthEncodedAuth = 1 << 21;
constexpr uint32_t kCapabilities = kLongPassword | kFoundRows | kConnectWithDb | kProtocol41 | kTransactions |
                                   kSecureConnection | kMultiStatements | kMultiResults | kPluginAuth;
constexpr uint32_t kAutocommit = 2, kMoreResults = 8;
constexpr char kQuit = 1, kInitDb = 2, kQuery = 3, kFieldList = 4, kStatistics = 9, kPing = 14,
               kChangeUser = 17, kStatementPrepare = 22, kResetConnection = 31;

std::optional<uint32_t> packet_length(std::string_view header) { return number_le(header.substr(0, 3)); }

// Length-encoded; ours are below 2^24.
std::string counted(std::string_view text) {
  if (text.size() < 251) return static_cast<char>(text.size()) + std::string(text);
  return (text.size() < 65536 ? '\xfc' + le(static_cast<uint32_t>(text.size()), 2)
                              : '\xfd' + le(static_cast<uint32_t>(text.size()), 3)) +
         std::string(text);
}

std::string_view take(std::string_view& from, size_t count) {
  std::string_view out = from.substr(0, count);
  from.remove_prefix(out.size());
  return out;
}
std::string_view take_text(std::string_view& from) {
  std::string_view out = take(from, from.find('\0'));
  take(from, 1);
  return out;
}

class Mysql : public Conversation {
 public:
  std::string_view app() const override { return "mysql"; }
  std::string greet(Moment& moment) override;
  std::string hear(std::string_view bytes, Moment& moment) override {
    std::string out;
    frames_.feed(bytes, [&](std::string_view header, std::string_view body) {
      sequence_ = static_cast<uint8_t>(header[3] + 1);
      if (state_ == State::login)
        login(body, moment, out);
      else if (state_ == State::switched)
        switched(body, moment, out);
      else if (!body.empty())
        command(body[0], body.substr(1), moment, out);
      closing_ |= out.size() > kMaxAnswerBytes;
      return !closing_;
    });
    return out;
  }
  bool closing() const override { return closing_; }

 private:
  enum class State { login, switched, commands };
  void login(std::string_view body, Moment& moment, std::string& out);
  void switched(std::string_view body, Moment& moment, std::string& out);
  void command(char code, std::string_view body, Moment& moment, std::string& out);
  void query(std::string_view text, Moment& moment, std::string& out);
  void results(const SqlAnswer& answer, uint32_t status, std::string& out);
  void packet(std::string& out, const std::string& body) {
    out += le(static_cast<uint32_t>(body.size()), 3) + static_cast<char>(sequence_++) + body;
  }
  void ok(std::string& out, uint32_t status = kAutocommit) {
    packet(out, std::string(3, '\0') + le(status, 2) + le(0, 2));
  }
  void eof(std::string& out, uint32_t status) { packet(out, '\xfe' + le(0, 2) + le(status, 2)); }

  Frames frames_{4, packet_length};
  SqlServer server_{true, std::string(kVersion), "", ""};
  std::string salt_;
  State state_ = State::login;
  uint8_t sequence_ = 0;
  bool closing_ = false;
  Notes notes_;
};

std::string Mysql::greet(Moment& moment) {
  for (char c : lure::derive(moment.scene.lures.seed, "mysql", kSaltBytes))
    salt_ += static_cast<char>('!' + static_cast<uint8_t>(c) % 90);
  std::string body =
      "\x0a"
      "5.5.5-" +
      std::string(kVersion) + '\0' + le(412, 4) + salt_.substr(0, 8) + '\0' + le(kCapabilities & 0xffff, 2) +
      '\x2d' + le(kAutocommit, 2) + le(kCapabilities >> 16, 2) + static_cast<char>(kSaltBytes + 1) +
      std::string(10, '\0') + salt_.substr(8) + '\0' + std::string(kPlugin) + '\0';
  std::string out;
  packet(out, body);
  return out;
}

void Mysql::login(std::string_view body, Moment& moment, std::string& out) {
  uint32_t capabilities = number_le(take(body, 4));
  take(body, 28);  // packet size, character set, reserved
  server_.user = take_text(body);
  // A scrambled password, shown as it came: hex.
  size_t size = body.empty() ? 0 : static_cast<uint8_t>(body[0]);
  bool lengths = (capabilities & (kLengthEncodedAuth | kSecureConnection)) != 0;
  if (lengths) take(body, 1);
  std::string_view proof = lengths ? take(body, size) : take_text(body);
  if ((capabilities & kConnectWithDb) != 0) server_.database = take_text(body);
  std::string_view plugin = (capabilities & kPluginAuth) != 0 ? take_text(body) : kPlugin;
  notes_.add(
      moment, app(), "login", server_.database,
      "user=" + server_.user + " " + std::string(kPlugin) + "=" + to_hex(proof) + " salt=" + to_hex(salt_));
  if (plugin != kPlugin) {
    state_ = State::switched;
    return packet(out, '\xfe' + std::string(kPlugin) + '\0' + salt_ + '\0');
  }
  state_ = State::commands;
  ok(out);
}

void Mysql::switched(std::string_view body, Moment& moment, std::string& out) {
  notes_.add(moment, app(), "login", server_.database,
             "user=" + server_.user + " " + std::string(kPlugin) + "=" + to_hex(body.substr(0, 64)));
  state_ = State::commands;
  ok(out);
}

void Mysql::results(const SqlAnswer& answer, uint32_t status, std::string& out) {
  if (answer.columns.empty()) return ok(out, status);
  packet(out, std::string(1, static_cast<char>(answer.columns.size())));
  for (const std::string& name : answer.columns)  // utf8mb4, VAR_STRING
    packet(out, counted("def") + counted("") + counted("") + counted("") + counted(name) + counted("") +
                    '\x0c' + le(0x2d, 2) + le(1024, 4) + '\xfd' + le(0, 2) + '\x1f' + le(0, 2));
  eof(out, status);
  for (const auto& row : answer.rows) {
    std::string body;
    for (const std::string& value : row) body += counted(value);
    packet(out, body);
  }
  eof(out, status);
}

void Mysql::query(std::string_view text, Moment& moment, std::string& out) {
  notes_.add(moment, app(), "query", server_.database, text);
  constexpr size_t kMaxStatements = 32;
  auto statements = split_sql(text, kMaxStatements);
  if (statements.empty()) ok(out);
  for (size_t i = 0; i < statements.size(); ++i)
    results(answer_sql(statements[i], server_), kAutocommit | (i + 1 < statements.size() ? kMoreResults : 0),
            out);
}

void Mysql::command(char code, std::string_view body, Moment& moment, std::string& out) {
  switch (code) {
    case kQuit:
      closing_ = true;
      return;
    case kQuery:
      return query(body, moment, out);
    case kInitDb:
      server_.database = body.substr(0, 64);
      notes_.add(moment, app(), "use", server_.database, "");
      return ok(out);
    case kChangeUser:
      notes_.add(moment, app(), "login", "", body.substr(0, body.find('\0')));
      return ok(out);
    case kPing:
    case kResetConnection:
      return ok(out);
    case kFieldList:
      return eof(out, kAutocommit);
    case kStatistics:
      return packet(out, "Uptime: 1205311  Threads: 1  Questions: 412");
    case kStatementPrepare:
      notes_.add(moment, app(), "query", server_.database, body);
      return packet(out, '\xff' + le(1295, 2) +
                             "#HY000This command is not supported in the prepared statement protocol yet");
    default:
      return packet(out, '\xff' + le(1047, 2) + "#08S01Unknown command");
  }
}

}  // namespace

bool greets_mysql(const Peer& peer) { return !peer.tls && peer.dst_port == 3306; }

std::unique_ptr<Conversation> open_mysql(Moment&) { return std::make_unique<Mysql>(); }

}  // namespace assay::sinkhole
