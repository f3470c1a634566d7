// Registration, then a quiet network with one operator in each channel.
#include "agent/sinkhole/protocols/irc.h"

#include <algorithm>

#include "agent/sinkhole/protocols/lines.h"

namespace assay::sinkhole {
namespace {

constexpr size_t kMaxNickBytes = 32, kMaxChannels = 16;

class Irc : public LineConversation {
 public:
  std::string_view app() const override { return "irc"; }

 protected:
  void answer(std::string_view line, Moment& moment, std::string& out) override;

 private:
  void before_registration(const Command& command, std::string& out);
  void welcome(std::string& out);
  void join(std::string_view channel, std::string& out);
  void mode(std::string_view rest, std::string& out);
  void who(std::string_view rest, std::string& out);
  void ask(const Command& command, std::string& out);
  bool registered() const { return registered_; }
  std::string prefix() const { return ":" + nick_ + "!" + user_ + "@172.17.0.2 "; }
  void numeric(std::string& out, std::string_view code, std::string_view text) const {
    out.append(":" + server_ + " ")
        .append(code)
        .append(" " + (nick_.empty() ? "*" : nick_) + " ")
        .append(text) += "\r\n";
  }

  std::string server_, nick_, user_;
  bool negotiating_ = false, registered_ = false;
};

std::string_view word(std::string_view rest, size_t at = 0) {
  auto parts = words(rest, at + 2);
  if (parts.size() <= at) return {};
  return parts[at].starts_with(':') ? parts[at].substr(1) : parts[at];
}

void Irc::welcome(std::string& out) {
  registered_ = true;
  numeric(out, "001", ":Welcome to the Internet Relay Network " + nick_ + "!" + user_ + "@172.17.0.2");
  numeric(out, "002", ":Your host is " + server_ + ", running version InspIRCd-3");
  numeric(out, "003", ":This server was created 10:12:31 Mar 04 2024");
  numeric(out, "004", server_ + " InspIRCd-3 BIciorwx ACHIKMNOQRSTbceghiklmnopstvz :HIbceghkloqv");
  numeric(out, "005",
          "CHANTYPES=# PREFIX=(ov)@+ CHANMODES=b,k,l,imnpst NICKLEN=32 CHANNELLEN=64 NETWORK=IRC "
          "CASEMAPPING=rfc1459 :are supported by this server");
  numeric(out, "251", ":There are 41 users and 3 invisible on 1 servers");
  numeric(out, "375", ":" + server_ + " message of the day");
  numeric(out, "372", ":- Welcome");
  numeric(out, "376", ":End of message of the day.");
  out += "PING :" + server_ + "\r\n";
}

void Irc::before_registration(const Command& command, std::string& out) {
  if (command.verb == "CAP") {
    std::string what = upper(word(command.rest));
    negotiating_ = what == "LS" || what == "REQ" || (negotiating_ && what != "END");
    if (what == "LS" || what == "LIST") out += ":" + server_ + " CAP * " + what + " :\r\n";
    if (what == "REQ") out += ":" + server_ + " CAP * NAK :" + std::string(word(command.rest, 1)) + "\r\n";
  } else if (command.verb == "USER") {
    user_ = word(command.rest).substr(0, kMaxNickBytes);
  } else if (command.verb != "NICK" && command.verb != "PASS" && command.verb != "PONG" &&
             command.verb != "PING") {
    return numeric(out, "451", command.verb + " :You have not registered");
  }
  if (!nick_.empty() && !user_.empty() && !negotiating_) welcome(out);
}

void Irc::join(std::string_view channels, std::string& out) {
  for (size_t i = 0; i < kMaxChannels && !channels.empty(); ++i) {
    size_t comma = std::min(channels.find(','), channels.size());
    std::string channel(channels.substr(0, comma).substr(0, 64));
    channels.remove_prefix(std::min(comma + 1, channels.size()));
    if (channel.empty()) continue;
    out += prefix() + "JOIN " + channel + "\r\n";
    numeric(out, "332", channel + " :Welcome");
    numeric(out, "333", channel + " admin 1709547151");
    numeric(out, "353", "= " + channel + " :" + nick_ + " @admin");
    numeric(out, "366", channel + " :End of /NAMES list.");
  }
}

void Irc::mode(std::string_view rest, std::string& out) {
  std::string target(word(rest)), change(word(rest, 1));
  if (!target.starts_with('#')) {
    out += prefix() + "MODE " + nick_ + " :" + (change.empty() ? "+i" : change) + "\r\n";
  } else if (change.empty()) {
    numeric(out, "324", target + " +nt");
    numeric(out, "329", target + " 1709547151");
  } else if (change == "b" || change == "+b") {
    numeric(out, "368", target + " :End of channel ban list");
  } else {
    numeric(out, "482", target + " :You're not channel operator");
  }
}

void Irc::who(std::string_view rest, std::string& out) {
  std::string target(word(rest));
  if (target.starts_with('#'))
    numeric(out, "352", target + " admin " + server_ + " " + server_ + " admin H@ :0 admin");
  numeric(out, "352", target + " " + user_ + " 172.17.0.2 " + server_ + " " + nick_ + " H :0 " + user_);
  numeric(out, "315", target + " :End of /WHO list.");
}

// Questions with short answers.
void Irc::ask(const Command& command, std::string& out) {
  std::string target(word(command.rest));
  if (command.verb == "WHOIS") {
    numeric(out, "311", target + " " + target + " " + server_ + " * :" + target);
    numeric(out, "318", target + " :End of /WHOIS list.");
  } else if (command.verb == "NAMES") {
    numeric(out, "353", "= " + target + " :" + nick_ + " @admin");
    numeric(out, "366", target + " :End of /NAMES list.");
  } else if (command.verb == "LIST") {
    numeric(out, "323", ":End of channel list.");
  } else if (command.verb == "TOPIC") {
    numeric(out, "332", target + " :Welcome");
  } else if (command.verb == "USERHOST") {
    numeric(out, "302", ":" + nick_ + "=+" + user_ + "@172.17.0.2");
  } else if (command.verb == "ISON") {
    numeric(out, "303", ":");
  } else if (command.verb == "AWAY") {
    numeric(out, target.empty() ? "305" : "306", ":You are marked so");
  } else if (command.verb == "MOTD") {
    numeric(out, "422", ":There is no message of the day");
  } else if (command.verb == "CAP") {
    out += ":" + server_ + " CAP " + nick_ +
           (upper(target) == "REQ" ? " NAK :" + std::string(word(command.rest, 1)) : " LIST :") + "\r\n";
  } else {
    numeric(out, "421", command.verb.substr(0, kMaxNickBytes) + " :Unknown command");
  }
}

void Irc::answer(std::string_view line, Moment& moment, std::string& out) {
  if (server_.empty()) server_ = moment.peer.host.empty() ? "irc.network" : moment.peer.host;
  if (line.starts_with(':'))
    line.remove_prefix(std::min(line.find(' '), line.size()));  // a client's own prefix
  Command command = command_of(line);
  if (command.verb.empty()) return;
  if (command.verb != "PING" && command.verb != "PONG" && command.verb != "CAP")
    notes_.add(moment, app(), command.verb, word(command.rest), command.rest);
  if (command.verb == "PING") {
    out += ":" + server_ + " PONG " + server_ + " :" + std::string(word(command.rest)) + "\r\n";
  } else if (command.verb == "QUIT") {
    out += "ERROR :Closing link: (" + nick_ + ") [Quit]\r\n";
    closing_ = true;
    return;
  } else if (command.verb == "NICK") {
    std::string old = registered() ? prefix() : "";
    nick_ = word(command.rest).substr(0, kMaxNickBytes);
    if (registered()) out += old + "NICK :" + nick_ + "\r\n";
  }
  if (!registered()) return before_registration(command, out);
  if (command.verb == "JOIN") return join(word(command.rest), out);
  if (command.verb == "MODE") return mode(command.rest, out);
  if (command.verb == "WHO") return who(command.rest, out);
  if (command.verb == "PART") {
    out += prefix() + "PART " + std::string(word(command.rest)) + "\r\n";
    return;
  }
  // Taken without a word.
  for (std::string_view quiet : {"PRIVMSG", "NOTICE", "PING", "PONG", "NICK", "USER", "PASS"})
    if (command.verb == quiet) return;
  ask(command, out);
}

}  // namespace

Match begins_irc(std::string_view first, const Peer&) {
  // USER with its four words; FTP's and POP3's has one.
  if (Match user = begins_with_word(first, {"USER"}); user != Match::no) {
    size_t end = first.find_first_of("\r\n");
    if (end == std::string_view::npos) return Match::maybe;
    return words(first.substr(0, end), 5).size() == 5 ? Match::yes : Match::no;
  }
  return begins_with_word(first, {"NICK", "PASS", "CAP", "JOIN", "PRIVMSG"});
}

std::unique_ptr<Conversation> open_irc(Moment&) { return std::make_unique<Irc>(); }

}  // namespace assay::sinkhole
