// Start-up, simple queries, and as much of the extended protocol as drivers need.
#include "agent/sinkhole/protocols/postgres.h"

#include <algorithm>
#include <vector>

#include "agent/sinkhole/protocols/frames.h"
#include "agent/sinkhole/protocols/lines.h"
#include "agent/sinkhole/protocols/sql.h"

namespace assay::sinkhole {
namespace {

constexpr uint32_t kVersion3 = 196608, kCancel = 80877102, kSsl = 80877103, kGss = 80877104;
constexpr uint32_t kMaxMessageBytes = 64 << 20, kMaxStartupBytes = 10'000;
constexpr uint32_t kTextType = 25;
constexpr size_t kMaxStatements = 32, kMaxParameters = 64;

std::optional<uint32_t> startup_length(std::string_view header) {
  uint32_t length = number_be(header);
  if (length < 8 || length > kMaxStartupBytes) return std::nullopt;
  return length - 4;
}

std::optional<uint32_t> message_length(std::string_view header) {
  uint32_t length = number_be(header.substr(1));
  if (length < 4 || length > kMaxMessageBytes) return std::nullopt;
  return length - 4;
}

std::string message(char type, const std::string& body) {
  return type + be32(static_cast<uint32_t>(body.size() + 4)) + body;
}
std::string zero_ended(std::string_view text) { return std::string(text.substr(0, text.find('\0'))) + '\0'; }
std::string ready() { return message('Z', "I"); }

// The zero-ended string at the front, which it takes.
std::string_view take_text(std::string_view& body) {
  size_t end = std::min(body.find('\0'), body.size());
  std::string_view out = body.substr(0, end);
  body.remove_prefix(std::min(end + 1, body.size()));
  return out;
}

std::string row_description(const SqlAnswer& answer) {
  std::string out = be16(static_cast<uint32_t>(answer.columns.size()));
  for (const std::string& name : answer.columns)
    out += zero_ended(name) + be32(0) + be16(0) + be32(kTextType) + be16(0xffff) + be32(0xffffffff) + be16(0);
  return message('T', out);
}

std::string rows_and_tag(const SqlAnswer& answer) {
  std::string out;
  for (const auto& row : answer.rows) {
    std::string body = be16(static_cast<uint32_t>(row.size()));
    for (const std::string& value : row) body += be32(static_cast<uint32_t>(value.size())) + value;
    out += message('D', body);
  }
  std::string tag = answer.tag;
  if (tag == "SELECT") tag += " " + std::to_string(answer.rows.size());
  if (tag == "INSERT") tag += " 0 1";
  if (tag == "UPDATE" || tag == "DELETE" || tag == "COPY") tag += " 0";
  return out + message('C', zero_ended(tag));
}

class Postgres : public Conversation {
 public:
  std::string_view app() const override { return "postgresql"; }
  std::string hear(std::string_view bytes, Moment& moment) override {
    std::string out;
    rest_ = frames_.feed(bytes, [&](std::string_view header, std::string_view body) {
      if (started_)
        answer(header[0], body, moment, out);
      else
        start(body, moment, out);
      closing_ |= out.size() > kMaxAnswerBytes;
      return !closing_ && !handing_over_;
    });
    closing_ |= frames_.broken();
    return out;
  }
  bool closing() const override { return closing_; }
  bool hands_over(std::string& rest) override {
    if (!std::exchange(handing_over_, false)) return false;
    rest = std::exchange(rest_, {});
    return true;
  }

 private:
  void start(std::string_view body, Moment& moment, std::string& out);
  void logged_in(std::string& out);
  void answer(char type, std::string_view body, Moment& moment, std::string& out);
  void query(std::string_view text, Moment& moment, std::string& out);
  void extended(char type, std::string_view body, Moment& moment, std::string& out);

  Frames frames_{4, startup_length};
  SqlServer server_{false, "15.8", "", ""};
  std::string prepared_, rest_;
  SqlAnswer prepared_answer_;
  bool started_ = false, logged_in_ = false, copying_ = false, closing_ = false, handing_over_ = false;
  Notes notes_;
};

void Postgres::start(std::string_view body, Moment& moment, std::string& out) {
  uint32_t code = number_be(body.substr(0, 4));
  if (code == kSsl) {
    handing_over_ = moment.scene.tls_server && !moment.peer.tls;
    out += handing_over_ ? 'S' : 'N';
    return;
  }
  if (code == kGss) {
    out += 'N';
    return;
  }
  if (code >> 16 != kVersion3 >> 16) {
    closing_ = true;
    return;
  }
  body.remove_prefix(4);
  std::string told;
  for (size_t i = 0; i < kMaxParameters && !body.empty(); ++i) {
    std::string name(take_text(body)), value(take_text(body));
    if (name.empty()) break;
    if (name == "user") server_.user = value;
    if (name == "database") server_.database = value;
    told += (told.empty() ? "" : " ") + name + "=" + value;
  }
  if (server_.database.empty()) server_.database = server_.user;
  notes_.add(moment, app(), "startup", server_.database, told);
  started_ = true;
  frames_.expect(5, message_length);
  out += message('R', be32(3));  // AuthenticationCleartextPassword
}

void Postgres::logged_in(std::string& out) {
  logged_in_ = true;
  out += message('R', be32(0));
  constexpr std::pair<std::string_view, std::string_view> kParameters[] = {
      {"server_version", "15.8 (Debian 15.8-0+deb12u1)"},
      {"server_encoding", "UTF8"},
      {"client_encoding", "UTF8"},
      {"DateStyle", "ISO, MDY"},
      {"TimeZone", "Etc/UTC"},
      {"integer_datetimes", "on"},
      {"is_superuser", "on"},
      {"standard_conforming_strings", "on"},
      {"IntervalStyle", "postgres"},
      {"in_hot_standby", "off"}};
  for (const auto& [name, value] : kParameters) out += message('S', zero_ended(name) + zero_ended(value));
  out += message('K', be32(412) + be32(0x5a17c3e9)) + ready();
}

void Postgres::answer(char type, std::string_view body, Moment& moment, std::string& out) {
  if (type == 'X') {
    closing_ = true;
  } else if (type == 'p' && !logged_in_) {
    notes_.add(moment, app(), "password", server_.user, take_text(body));
    logged_in(out);
  } else if (!logged_in_) {
    closing_ = true;
  } else if (copying_) {
    if (type == 'd') notes_.add(moment, app(), "copy", "", body);
    if (type != 'c' && type != 'f') return;
    copying_ = false;
    out += message('C', zero_ended("COPY 0")) + ready();
  } else if (type == 'Q') {
    query(take_text(body), moment, out);
  } else {
    extended(type, body, moment, out);
  }
}

void Postgres::query(std::string_view text, Moment& moment, std::string& out) {
  notes_.add(moment, app(), "query", server_.database, text);
  auto statements = split_sql(text, kMaxStatements);
  if (statements.empty()) out += message('I', "");
  for (std::string_view statement : statements) {
    SqlAnswer answer = answer_sql(statement, server_);
    if (answer.tag.empty()) {
      out += message('I', "");
      continue;
    }
    bool copies = answer.tag == "COPY" && statement.size() < 4096;
    std::string upper_case = copies ? upper(statement) : "";
    if (upper_case.find("FROM STDIN") != std::string::npos) {
      copying_ = true;
      out += message('G', std::string("\0\0\0", 3));
      return;
    }
    if (upper_case.find("TO STDOUT") != std::string::npos)
      out += message('H', std::string("\0\0\0", 3)) + message('c', "");
    if (!answer.columns.empty()) out += row_description(answer);
    out += rows_and_tag(answer);
  }
  out += ready();
}

void Postgres::extended(char type, std::string_view body, Moment& moment, std::string& out) {
  const SqlAnswer& answer = prepared_answer_;
  if (type == 'P') {
    take_text(body);
    prepared_ = take_text(body);
    prepared_answer_ = answer_sql(prepared_, server_);  // once: it may be executed by five bytes each time
    notes_.add(moment, app(), "query", server_.database, prepared_);
    out += message('1', "");
  } else if (type == 'B') {
    out += message('2', "");
  } else if (type == 'D') {
    if (body.starts_with('S')) {
      auto parameters = static_cast<uint32_t>(
          std::min<ptrdiff_t>(std::count(prepared_.begin(), prepared_.end(), '$'), kMaxParameters));
      std::string types;
      for (uint32_t i = 0; i < parameters; ++i) types += be32(kTextType);
      out += message('t', be16(parameters) + types);
    }
    out += answer.columns.empty() ? message('n', "") : row_description(answer);
  } else if (type == 'E') {
    out += answer.tag.empty() ? message('I', "") : rows_and_tag(answer);
  } else if (type == 'C') {
    out += message('3', "");
  } else if (type == 'S') {
    out += ready();
  }
}

}  // namespace

Match begins_postgres(std::string_view first, const Peer&) {
  std::string_view high("\0\0", 2);  // a start-up message is short
  if (!first.starts_with(high.substr(0, std::min<size_t>(2, first.size())))) return Match::no;
  if (first.size() < 8) return Match::maybe;
  uint32_t length = number_be(first.substr(0, 4)), code = number_be(first.substr(4, 4));
  bool request = length == 8 && (code == kSsl || code == kGss);
  bool known = request || (length == 16 && code == kCancel) ||
               (code == kVersion3 && startup_length(first.substr(0, 4)));
  return known ? Match::yes : Match::no;
}

std::unique_ptr<Conversation> open_postgres(Moment&) { return std::make_unique<Postgres>(); }

}  // namespace assay::sinkhole
