// The control connection.
#include "agent/sinkhole/protocols/ftp.h"

#include <algorithm>

#include "agent/sinkhole/canary/canaries.h"
#include "agent/sinkhole/protocols/lines.h"

namespace assay::sinkhole {
namespace {

constexpr uint16_t kImplicitTlsPort = 990;
constexpr uint16_t kFirstDataPort = 40'000, kDataPorts = 10'000;
constexpr size_t kMaxPathBytes = 1024;
constexpr int kMaxSizesTold = 64;  // of a connection: each may be an archive that is made only for it
constexpr std::string_view kListing =
    "-rw-r--r--    1 ftp      ftp           178 Mar 04  2024 README.txt\r\n"
    "-rwxr-xr-x    1 ftp      ftp          1126 Mar 04  2024 update.sh\r\n";

// Names a port; the oldest that is awaited makes room.
uint16_t await_data(Scene& scene, bool encrypted) {
  auto port = static_cast<uint16_t>(kFirstDataPort + scene.next_awaited);
  scene.next_awaited = static_cast<uint16_t>((scene.next_awaited + 1) % kDataPorts);
  if (scene.awaited.size() >= Scene::kMaxAwaited) {
    auto oldest = scene.awaited.upper_bound(port);
    scene.awaited.erase(oldest == scene.awaited.end() ? scene.awaited.begin() : oldest);
  }
  scene.awaited[port] = {"", "", encrypted};
  return port;
}

class Ftp : public LineConversation {
 public:
  explicit Ftp(bool after_auth_tls) : after_auth_tls_(after_auth_tls) {}
  std::string_view app() const override { return "ftp"; }

 protected:
  std::string banner(const Moment&) const override { return after_auth_tls_ ? "" : "220 (vsFTPd 3.0.3)\r\n"; }
  void answer(std::string_view line, Moment& moment, std::string& out) override;

 private:
  std::string resolve(std::string_view name) const;
  bool login(const Command& command, Moment& moment, std::string& out);
  bool session(const Command& command, Moment& moment, std::string& out);
  bool passive(const Command& command, Moment& moment, std::string& out);
  bool transfer(const Command& command, Moment& moment, std::string& out);
  const Canary& file(const std::string& path, Moment& moment);
  std::string download(const std::string& path, Moment& moment);

  bool after_auth_tls_, encrypt_data_ = false;
  std::string user_, directory_ = "/";
  uint16_t data_port_ = 0;
  int sizes_told_ = 0;
  std::string file_path_;  // of file_: what was asked for last, so that its size holds when it is sent
  Canary file_;
};

std::string Ftp::resolve(std::string_view name) const {
  std::string out = name.starts_with('/') ? "" : directory_;
  if (!out.empty() && !out.ends_with('/')) out += '/';
  out += name;
  return out.substr(0, kMaxPathBytes);
}

bool Ftp::login(const Command& command, Moment& moment, std::string& out) {
  if (command.verb == "USER") {
    user_ = command.rest;
    out += "331 Please specify the password.\r\n";
  } else if (command.verb == "PASS") {
    notes_.add(moment, app(), "login", user_, command.rest);
    out += "230 Login successful.\r\n";
  } else if (command.verb == "AUTH") {
    handing_over_ = moment.scene.tls_server && !moment.peer.tls && upper(command.rest).starts_with("TLS");
    out += handing_over_ ? "234 Proceed with negotiation.\r\n" : "530 Please login with USER and PASS.\r\n";
  } else if (command.verb == "QUIT") {
    closing_ = true;
    out += "221 Goodbye.\r\n";
  } else {
    return false;
  }
  return true;
}

// What changes or tells the session's state.
bool Ftp::session(const Command& command, Moment& moment, std::string& out) {
  const std::string& verb = command.verb;
  if (verb == "SYST") {
    out += "215 UNIX Type: L8\r\n";
  } else if (verb == "FEAT") {
    out += "211-Features:\r\n";
    if (moment.scene.tls_server) out += " AUTH TLS\r\n PBSZ\r\n PROT\r\n";
    out += " EPSV\r\n MDTM\r\n PASV\r\n REST STREAM\r\n TVFS\r\n UTF8\r\n211 End\r\n";
  } else if (verb == "PWD" || verb == "XPWD") {
    out += "257 \"" + directory_ + "\" is the current directory\r\n";
  } else if (verb == "CWD" || verb == "CDUP") {
    directory_ = verb == "CDUP" ? "/" : resolve(command.rest);
    out += "250 Directory successfully changed.\r\n";
  } else if (verb == "TYPE") {
    out += "200 Switching to Binary mode.\r\n";
  } else if (verb == "PROT") {
    encrypt_data_ = moment.peer.tls && upper(command.rest) == "P";
    out += "200 PROT now set.\r\n";
  } else if (verb == "NOOP" || verb == "OPTS" || verb == "PBSZ" || verb == "MODE" || verb == "STRU" ||
             verb == "ALLO") {
    out += "200 OK.\r\n";
  } else if (verb == "REST") {
    out += "350 Restart position accepted.\r\n";
  } else if (verb == "MDTM") {
    out += "213 20240304101231\r\n";
  } else if (verb == "MKD" || verb == "DELE" || verb == "RMD" || verb == "RNFR" || verb == "RNTO" ||
             verb == "SITE") {
    notes_.add(moment, app(), verb, resolve(command.rest), "");
    out += verb == "MKD" ? "257 Created.\r\n" : verb == "RNFR" ? "350 Ready for RNTO.\r\n" : "250 Done.\r\n";
  } else {
    return false;
  }
  return true;
}

bool Ftp::passive(const Command& command, Moment& moment, std::string& out) {
  if (command.verb != "PASV" && command.verb != "EPSV") return false;
  if (command.verb == "EPSV" && upper(command.rest) == "ALL") {
    out += "200 OK.\r\n";
    return true;
  }
  if (command.verb == "PASV" && !moment.peer.dst.is_v4()) {
    out += "425 Use EPSV.\r\n";
    return true;
  }
  moment.scene.awaited.erase(data_port_);  // an earlier one that was never used
  data_port_ = await_data(moment.scene, encrypt_data_);
  if (command.verb == "EPSV") {
    out += "229 Entering Extended Passive Mode (|||" + std::to_string(data_port_) + "|)\r\n";
    return true;
  }
  std::string address = moment.peer.dst.text();
  std::replace(address.begin(), address.end(), '.', ',');
  out += "227 Entering Passive Mode (" + address + "," + std::to_string(data_port_ >> 8) + "," +
         std::to_string(data_port_ & 255) + ").\r\n";
  return true;
}

const Canary& Ftp::file(const std::string& path, Moment& moment) {
  if (file_path_ != path) {
    file_ = moment.scene.canaries.make(kind_for_name(path));
    file_path_ = path;
  }
  return file_;
}

std::string Ftp::download(const std::string& path, Moment& moment) {
  const Canary& canary = file(path, moment);
  Report report = said(app(), "RETR", "ftp://" + moment.peer.host + path, canary.marker, moment.peer);
  report.kind = ReportKind::canary;
  report.detail = to_string(canary.kind);
  report.sha256 = canary.sha256;
  report.bytes_in = canary.bytes.size();
  moment.told.push_back(std::move(report));
  file_path_.clear();
  return std::move(file_.bytes);
}

bool Ftp::transfer(const Command& command, Moment& moment, std::string& out) {
  const std::string& verb = command.verb;
  bool sends = verb == "RETR" || verb == "LIST" || verb == "NLST";
  if (!sends && verb != "STOR" && verb != "STOU" && verb != "APPE") return false;
  std::string path = resolve(command.rest);
  notes_.add(moment, app(), verb, path, "");
  auto it = moment.scene.awaited.find(data_port_);
  if (data_port_ == 0 || it == moment.scene.awaited.end()) {
    out += "425 Use PASV first.\r\n";
    return true;
  }
  data_port_ = 0;
  it->second.name = path;
  if (verb == "RETR") it->second.to_send = download(path, moment);
  if (verb == "LIST") it->second.to_send = kListing;
  if (verb == "NLST") it->second.to_send = "README.txt\r\nupdate.sh\r\n";
  // Said at once: clients read it when the data has come, and we do not see here when that is.
  out += sends ? "150 Here it comes.\r\n226 Transfer complete.\r\n"
               : "150 Ok to send data.\r\n226 Transfer complete.\r\n";
  return true;
}

void Ftp::answer(std::string_view line, Moment& moment, std::string& out) {
  Command command = command_of(line);
  if (command.verb.empty()) return;
  if (login(command, moment, out) || session(command, moment, out) || passive(command, moment, out) ||
      transfer(command, moment, out))
    return;
  if (command.verb == "PORT" || command.verb == "EPRT")
    out += "500 Illegal PORT command.\r\n";  // clients then try PASV
  else if (command.verb == "SIZE" && sizes_told_++ >= kMaxSizesTold)
    out += "550 Could not get file size.\r\n";
  else if (command.verb == "SIZE")
    out += "213 " + std::to_string(file(resolve(command.rest), moment).bytes.size()) + "\r\n";
  else
    out += "500 Unknown command.\r\n";
}

}  // namespace

Match begins_ftp(std::string_view first, const Peer& peer) {
  if (peer.tls && peer.dst_port == 21) return begins_with_word(first, {"USER", "PBSZ", "FEAT", "SYST"});
  if (Match user = begins_with_word(first, {"USER"}); user != Match::yes) return user;
  size_t end = first.find_first_of("\r\n");
  if (end == std::string_view::npos) return Match::maybe;
  return words(first.substr(0, end), 5).size() < 5 ? Match::yes : Match::no;
}

bool greets_ftp(const Peer& peer) { return peer.dst_port == (peer.tls ? kImplicitTlsPort : 21); }

std::unique_ptr<Conversation> open_ftp(Moment& moment) {
  return std::make_unique<Ftp>(moment.peer.tls && moment.peer.dst_port != kImplicitTlsPort);
}

}  // namespace assay::sinkhole
