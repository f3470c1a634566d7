// server: the sinkhole's loop: one thread, one epoll, and the sockets that the agent made: the TCP listener,
// the UDP socket, the decoys' Unix sockets. Moves bytes between them and the pure parts (dns, talk), and
// reports. Ends when the agent closes its end of the report channel.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "agent/sinkhole/reporter.h"
#include "agent/sinkhole/talk.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay::sinkhole {

struct Decoy {
  int fd = -1;       // AF_UNIX, listening
  std::string name;  // "docker.sock"
};

struct ServerFds {
  int tcp = -1;  // listening, non-blocking; AF_INET6 for both families, or AF_INET
  int udp = -1;  // bound to port 53, non-blocking, IP_RECVORIGDSTADDR and IPV6_RECVORIGDSTADDR, SO_RXQ_OVFL
  int ntp = -1;  // bound to port 123: only sends. -1: the time is not told
  int report = -1;  // SOCK_SEQPACKET
  std::vector<Decoy> decoys;
};

class Server {
 public:
  static constexpr size_t kMaxConnections = 4096;
  static constexpr size_t kMaxDecoys = 16;
  static constexpr uint64_t kMaxConnectionBytes = 256ull << 20;  // from the guest; then it is closed
  static constexpr size_t kMaxPendingBytes =
      32 * 1024;  // to the guest, of one connection; beyond, we stop reading
  static constexpr size_t kMaxPendingTotal = 128ull << 20;  // of all; beyond, the oldest that waits is closed
  static constexpr size_t kMaxHeapBytes = 512ull << 20;     // beyond, who sends most unanswered is closed
  static constexpr size_t kMaxUdpFlows = 16'384;            // remembered, so that each is reported once

  /// `scene` is borrowed.
  static Result<Server> open(ServerFds fds, size_t max_connections, Scene& scene);
  Server(Server&&) noexcept = default;
  Server& operator=(Server&&) noexcept = default;
  ~Server() = default;
  /// Until the agent hangs up. Reports what is still unreported, and the counters, before it returns.
  Status run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    Fd fd;
    Report report;  // as it will be sent; `data`: what came since the last one
    Talk talk;
    Clock::time_point accepted, first_data, first_evidence;
    bool reported = false, writing = false, ended = false;
    size_t kept = 0;            // bytes that went into report.data so far
    size_t told_plaintext = 0;  // bytes of talk.plaintext() that have been reported
    uint64_t unanswered = 0;    // bytes from the guest since we last said something
    std::string pending;        // to the guest
    Connection(Peer peer, Scene& scene) : talk(std::move(peer), scene) {}
  };
  enum Tag : uint64_t { kTcp = 0, kUdp = 1, kReport = 2, kFirstDecoy = 16, kFirstConnection = 64 };

  Server(ServerFds fds, size_t max_connections, Scene& scene, Fd epoll);
  Status watch(int fd, uint64_t tag, uint32_t events, bool known);
  void dispatch(uint64_t tag, uint32_t events);
  bool arrivals();  // true: there may be more
  void drain();
  void tick();
  void tell_all(const Report& about, std::vector<Report> told);

  // TCP and Unix sockets
  bool accept_all(int listener, const std::string& socket);  // true: there may be more
  void admit(Fd fd, const sockaddr_storage& from, const std::string& socket);
  void read_from(uint64_t id);
  bool take(Connection& connection, std::string_view bytes);
  void say(Connection& connection, std::string bytes);
  void write_to(uint64_t id);
  void greet(uint64_t id);
  void close(uint64_t id);
  void push_out(uint64_t id);
  bool due(const Connection& connection, Clock::time_point now) const;
  void tell(Connection& connection);
  void tell_end(Connection& connection);
  void make_room();

  // Datagrams
  bool receive_all();  // true: there may be more
  void datagram(Report report);
  void lose_dropped(uint32_t total);
  void note_flow(const Report& report, std::vector<Report>& told);

  ServerFds fds_;
  size_t max_connections_;
  Fd epoll_;
  Reporter reporter_;
  Scene* scene_;
  std::map<uint64_t, Connection> connections_;  // by age
  std::set<uint64_t> young_;                    // not yet reported
  size_t pending_total_ = 0;
  uint64_t heard_since_look_ = 0;                           // bytes since memory was last looked at
  using UdpFlow = std::tuple<Address, uint16_t, uint16_t>;  // peer, the guest's port, the peer's
  std::map<UdpFlow, lure::TokenFinder::Stream> udp_flows_;
  uint64_t next_id_ = kFirstConnection;
  uint32_t udp_dropped_ = 0;
  Clock::time_point counted_;
};

}  // namespace assay::sinkhole
