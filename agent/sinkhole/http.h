// http: enough of a web server to keep a client going: every path exists, with a small harmless body of the
// kind its name suggests. A pure state machine over hostile bytes: HTTP/1.x (RFC 9112), keep-alive,
// pipelining, bodies skipped. Never looks at Host.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "agent/sinkhole/conversation.h"
#include "agent/sinkhole/protocol.h"

namespace assay::sinkhole {

Match begins_http(std::string_view first, const Peer& peer);
std::unique_ptr<Conversation> open_http(Moment& moment);

class HttpSession {
 public:
  static constexpr size_t kMaxHeadBytes = 8192;
  /// Takes the next bytes of the connection and returns what to send. `unix_seconds` becomes the Date.
  std::string feed(std::string_view bytes, int64_t unix_seconds);
  bool closing() const {
    return closing_;
  }  // close once everything is sent; what is fed from now on is ignored

 private:
  void answer(std::string_view head, int64_t unix_seconds, std::string& out);
  std::string buffer_;      // an unfinished head
  uint64_t body_left_ = 0;  // of the request's body, to be skipped
  bool closing_ = false;
};

}  // namespace assay::sinkhole
