// talk: one TCP conversation, as the server that the client hopes to reach: HTTP by its first bytes, mining
// pools by theirs, SSH, SMTP and FTP by port where the client waits for a greeting. Pure and bounded;
// everything else is listened to in silence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/sinkhole/http.h"

namespace assay::sinkhole {

class Talk {
 public:
  static constexpr size_t kMaxLineBytes = 4096;
  enum class Protocol { undecided, http, tls, ssh, mail, ftp, stratum, silent };

  explicit Talk(uint16_t port) : port_(port) {}
  /// What to send in answer to the next bytes of the client.
  std::string hear(std::string_view bytes, int64_t unix_seconds);
  /// What to send when the client has connected and stays silent: a greeting where the port's servers speak
  /// first. Once.
  std::string silence();
  bool closing() const { return closing_ || http_.closing(); }  // close once everything is sent
  Protocol protocol() const { return protocol_; }

 private:
  void decide(std::string& out);
  std::string hear_lines(std::string_view bytes);
  std::string answer_line(std::string_view line);

  uint16_t port_;
  Protocol protocol_ = Protocol::undecided;
  bool greeted_ = false;
  bool closing_ = false;
  bool in_message_ = false;  // mail: after DATA
  std::string held_;         // undecided: the first bytes; else an unfinished line
  HttpSession http_;
};

/// The answer to one line of a mining client (JSON-RPC: Stratum v1, the Monero and the Ethereum dialect), or
/// nothing.
std::string answer_stratum(std::string_view line);
/// Does this line come from a mining client?
bool looks_like_stratum(std::string_view line);

}  // namespace assay::sinkhole
