// seccheck_socket: the listening end of gVisor's remote sink (pkg/sentry/seccheck/sinks/remote): accepts,
// shakes hands, receives datagrams. Does not decode them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

/// The sink's header: u16 header size, u16 message type, u32 dropped (cumulative, wraps). Errc::corrupt: the
/// payload is out of bounds.
struct SeccheckHeader {
  uint16_t header_size, type;
  uint32_t dropped;
  static Result<SeccheckHeader> parse(std::string_view datagram);
};

class SeccheckSocket {
 public:
  static constexpr size_t kMaxDatagram = 3 << 20;  // an exec with all that it may be given
  static constexpr size_t kMaxConnections = 8;
  /// Binds to `path` (shorter than 108 bytes), replacing what is there.
  static Result<SeccheckSocket> listen(const std::string& path);

  /// Whom to wait for: the listener and every connection.
  void poll_fds(std::vector<int>& fds) const;
  /// Takes what waits, at most `limit` datagrams, and calls emit(type, datagram) for each. Never blocks. How
  /// many there were.
  size_t receive(size_t limit, const std::function<void(uint16_t, std::string_view)>& emit);

  uint64_t messages() const { return messages_; }
  uint64_t lost() const { return lost_; }  // dropped by the Sentry, cut, or not of the sink's format
  uint64_t connections() const { return accepted_; }
  size_t open_connections() const { return peers_.size(); }

 private:
  struct Peer {
    Fd fd;
    bool greeted = false;
    uint32_t dropped = 0;  // as of the last header
  };
  SeccheckSocket() = default;
  void accept_peers();
  bool receive_one(Peer& peer, const std::function<void(uint16_t, std::string_view)>& emit, bool& closed);

  Fd listener_;
  std::vector<Peer> peers_;
  std::vector<char> buffer_;
  uint64_t messages_ = 0, lost_ = 0, accepted_ = 0;
};

}  // namespace assay
