// conversation: the seam between talk, which decides by the first bytes what a client speaks, and the
// protocols, one file pair each. A conversation is a pure state machine over hostile bytes: what to send
// comes back from hear(), what is to be reported goes into Moment::told.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/sinkhole/address.h"
#include "agent/sinkhole/report.h"
#include "agent/sinkhole/scene.h"

namespace assay::sinkhole {

/// Who speaks with whom. The server fills it in when it accepts.
struct Peer {
  Address src, dst;
  uint16_t src_port = 0, dst_port = 0;
  std::string host;       // what DNS called dst, later SNI; may be empty
  std::string socket;     // "docker.sock": a decoy's Unix socket, and then there are no addresses
  bool tls = false;       // what is heard was decrypted
  uint8_t tls_depth = 0;  // how many times
};

struct Moment {
  Scene& scene;
  Peer& peer;
  int64_t wall_ns = 0;
  std::vector<Report>& told;  // the server adds time and addresses, and sends them: kinds http, canary, token
  int64_t unix_seconds() const { return wall_ns / 1'000'000'000; }
};

/// A client that makes us say more than this at once is cut off.
inline constexpr size_t kMaxAnswerBytes = 256 * 1024;

/// What a client said, in the shape of a request: `method` is the protocol's own word for it ("login",
/// "PRIVMSG", "CONFIG"), `path` what it is about, `data` what came with it, its first kMaxDataBytes.
Report said(std::string_view app, std::string_view method, std::string_view path, std::string_view data,
            const Peer& peer);

/// Tells what one connection's client said, the first kMaxTold times; the last one says that more may follow.
class Notes {
 public:
  static constexpr int kMaxTold = 40;
  void add(Moment& moment, std::string_view app, std::string_view method, std::string_view path,
           std::string_view data);

 private:
  int told_ = 0;
};

class Conversation {
 public:
  virtual ~Conversation() = default;
  /// "http", "stratum"...: as reports call it.
  virtual std::string_view app() const = 0;
  /// What to send in answer to the next bytes. At most 512 KiB at once.
  virtual std::string hear(std::string_view bytes, Moment& moment) = 0;
  /// What to send first, where the server speaks first, before anything was heard. Asked until it is not
  /// empty.
  virtual std::string greet(Moment& /*moment*/) { return ""; }
  /// What to send to a client that has said something, and now waits in silence. May be asked again and
  /// again.
  virtual std::string idle(Moment& /*moment*/) { return ""; }
  /// What was heard once decrypted, its first kMaxDataBytes; null where nothing was encrypted.
  virtual const std::string* plaintext() const { return nullptr; }
  /// Close once everything is sent.
  virtual bool closing() const { return false; }
  /// From the next byte on another protocol is spoken (STARTTLS, CONNECT, an upgrade): asked after each
  /// hear(); true once. `rest`: bytes heard already that belong to it. A proxy has by then set Moment::peer's
  /// host and dst_port to its client's target: where the port differs from before, the server there may
  /// greet.
  virtual bool hands_over(std::string& /*rest*/) { return false; }
};

}  // namespace assay::sinkhole
