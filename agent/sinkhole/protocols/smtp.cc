// Envelope, credentials and the first bytes of each message are told.
#include "agent/sinkhole/protocols/smtp.h"

#include <openssl/evp.h>

#include <algorithm>

#include "agent/sinkhole/protocols/lines.h"

namespace assay::sinkhole {
namespace {

constexpr uint16_t kSubmissionsPort = 465;
constexpr size_t kMaxRecipients = 100;

// As it stands if it is no base64.
std::string from_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  int size =
      ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0 || text.empty()) return std::string(text);
  auto padding =
      static_cast<size_t>(std::count(text.end() - std::min<ptrdiff_t>(2, std::ssize(text)), text.end(), '='));
  out.resize(static_cast<size_t>(size) - std::min(padding, static_cast<size_t>(size)));
  return out;
}

class Smtp : public LineConversation {
 public:
  explicit Smtp(bool after_starttls) : after_starttls_(after_starttls) {}
  std::string_view app() const override { return "smtp"; }

 protected:
  std::string banner(const Moment& moment) const override {
    if (after_starttls_) return "";
    return "220 " + host(moment) + " ESMTP Postfix (Debian/GNU)\r\n";
  }
  void answer(std::string_view line, Moment& moment, std::string& out) override;

 private:
  enum class Awaits { command, plain, user, password, message };
  static std::string host(const Moment& moment) {
    return moment.peer.host.empty() ? "mail" : moment.peer.host;
  }
  void command(std::string_view line, Moment& moment, std::string& out);
  void hello(const Command& command, Moment& moment, std::string& out);
  void auth(std::string_view rest, Moment& moment, std::string& out);
  void credentials(std::string_view line, Moment& moment, std::string& out);
  void message_line(std::string_view line, Moment& moment, std::string& out);

  bool after_starttls_, lmtp_ = false;
  Awaits awaits_ = Awaits::command;
  std::string user_, message_;
  size_t recipients_ = 0;
};

void Smtp::hello(const Command& command, Moment& moment, std::string& out) {
  lmtp_ = command.verb == "LHLO";
  if (command.verb == "HELO") {
    out += "250 " + host(moment) + "\r\n";
    return;
  }
  out += "250-" + host(moment) + "\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n";
  if (moment.scene.tls_server && !moment.peer.tls) out += "250-STARTTLS\r\n";
  out += "250-AUTH PLAIN LOGIN\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n";
}

void Smtp::auth(std::string_view rest, Moment& moment, std::string& out) {
  auto parts = words(rest, 2);
  std::string mechanism = parts.empty() ? "" : upper(parts[0]);
  std::string_view initial = parts.size() > 1 ? parts[1] : std::string_view();
  if (mechanism == "PLAIN") {
    awaits_ = Awaits::plain;
    if (initial.empty()) out += "334 \r\n";
  } else if (mechanism == "LOGIN") {
    awaits_ = Awaits::user;
    if (initial.empty()) out += "334 VXNlcm5hbWU6\r\n";
  } else {
    out += "504 5.5.4 Unrecognized authentication type\r\n";
    return;
  }
  if (!initial.empty()) credentials(initial, moment, out);
}

void Smtp::credentials(std::string_view line, Moment& moment, std::string& out) {
  std::string value = line == "=" ? "" : from_base64(line);
  if (awaits_ == Awaits::user) {
    user_ = value;
    awaits_ = Awaits::password;
    out += "334 UGFzc3dvcmQ6\r\n";
    return;
  }
  // PLAIN (RFC 4616) is three strings, NUL between them: whose rights, user, password.
  if (awaits_ == Awaits::plain) {
    size_t first = value.find('\0'),
           second = first == std::string::npos ? first : value.find('\0', first + 1);
    if (second != std::string::npos) {
      user_ = value.substr(first + 1, second - first - 1);
      value = value.substr(second + 1);
    }
  }
  awaits_ = Awaits::command;
  notes_.add(moment, app(), "AUTH", user_, value);
  out += "235 2.7.0 Authentication successful\r\n";
}

void Smtp::message_line(std::string_view line, Moment& moment, std::string& out) {
  if (line != ".") {
    line.remove_prefix(line.starts_with('.') ? 1 : 0);
    if (message_.size() <= kMaxDataBytes) message_.append(line) += "\n";
    return;
  }
  awaits_ = Awaits::command;
  notes_.add(moment, app(), "DATA", "", message_);
  message_ = {};
  // LMTP answers for each recipient.
  for (size_t i = lmtp_ ? std::max<size_t>(1, recipients_) : 1; i > 0; --i)
    out += "250 2.0.0 Ok: queued as 4TqXk05Zs1z\r\n";
  recipients_ = 0;
}

void Smtp::command(std::string_view line, Moment& moment, std::string& out) {
  Command command = command_of(line);
  const std::string& verb = command.verb;
  if (verb == "EHLO" || verb == "HELO" || verb == "LHLO") {
    notes_.add(moment, app(), verb, command.rest, "");
    hello(command, moment, out);
  } else if (verb == "MAIL" || verb == "RCPT") {
    notes_.add(moment, app(), verb,
               command.rest.substr(std::min(command.rest.find(':') + 1, command.rest.size())), "");
    if (verb == "RCPT") recipients_ = std::min(recipients_ + 1, kMaxRecipients);
    out += verb == "MAIL" ? "250 2.1.0 Ok\r\n" : "250 2.1.5 Ok\r\n";
  } else if (verb == "DATA") {
    awaits_ = Awaits::message;
    out += "354 End data with <CR><LF>.<CR><LF>\r\n";
  } else if (verb == "AUTH") {
    auth(command.rest, moment, out);
  } else if (verb == "STARTTLS") {
    handing_over_ = moment.scene.tls_server && !moment.peer.tls;
    out +=
        handing_over_ ? "220 2.0.0 Ready to start TLS\r\n" : "502 5.5.1 Error: command not implemented\r\n";
  } else if (verb == "QUIT") {
    closing_ = true;
    out += "221 2.0.0 Bye\r\n";
  } else if (verb == "VRFY") {
    out += "252 2.0.0 " + std::string(command.rest.substr(0, 256)) + "\r\n";
  } else if (verb == "RSET" || verb == "NOOP") {
    if (verb == "RSET") recipients_ = 0;
    out += "250 2.0.0 Ok\r\n";
  } else {
    out += "502 5.5.2 Error: command not recognized\r\n";
  }
}

void Smtp::answer(std::string_view line, Moment& moment, std::string& out) {
  if (awaits_ == Awaits::message) return message_line(line, moment, out);
  if (awaits_ == Awaits::command) return command(line, moment, out);
  if (line == "*") {
    awaits_ = Awaits::command;
    out += "501 5.7.0 Authentication aborted\r\n";
    return;
  }
  credentials(line, moment, out);
}

}  // namespace

Match begins_smtp(std::string_view first, const Peer&) {
  return begins_with_word(first, {"EHLO", "HELO", "LHLO", "MAIL"});
}

bool greets_smtp(const Peer& peer) {
  return peer.tls ? peer.dst_port == kSubmissionsPort : peer.dst_port == 25 || peer.dst_port == 587;
}

std::unique_ptr<Conversation> open_smtp(Moment& moment) {
  return std::make_unique<Smtp>(moment.peer.tls && moment.peer.dst_port != kSubmissionsPort);
}

}  // namespace assay::sinkhole
