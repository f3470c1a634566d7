// server: the sinkhole's loop: one thread, one epoll, the listener and the UDP socket that the agent made,
// and what they bring in. Moves bytes between sockets and the pure parts (dns, talk), and reports. Ends when
// the agent closes its end of the report channel.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/sinkhole/dns.h"
#include "agent/sinkhole/reporter.h"
#include "agent/sinkhole/talk.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay::sinkhole {

struct ServerFds {
  int tcp = -1;     // listening, non-blocking
  int udp = -1;     // bound to port 53, non-blocking, IP_RECVORIGDSTADDR, SO_RXQ_OVFL
  int report = -1;  // SOCK_SEQPACKET
};

class Server {
 public:
  static constexpr size_t kMaxConnections = 4096;
  static constexpr uint64_t kMaxConnectionBytes = 256ull << 20;  // from the guest; then it is closed
  static constexpr size_t kMaxPendingBytes = 32 * 1024;          // to the guest; beyond, we stop reading
  static constexpr size_t kMaxUdpFlows = 16'384;                 // remembered, so that each is reported once

  /// `scene` is borrowed.
  static Result<Server> open(const ServerFds& fds, size_t max_connections, Scene& scene);
  Server(Server&&) noexcept = default;
  Server& operator=(Server&&) noexcept = default;
  ~Server() = default;
  /// Until the agent hangs up. Reports what is still unreported, and the counters, before it returns.
  Status run();

 private:
  using Clock = std::chrono::steady_clock;
  struct Connection {
    Fd fd;
    Report report;  // as it will be sent
    Talk talk;
    Clock::time_point accepted, first_data;
    bool reported = false, writing = false, ended = false;
    std::string pending;     // to the guest
    std::string dns_buffer;  // of port 53
    Connection(Peer peer, Scene& scene) : talk(std::move(peer), scene) {}
  };
  enum Tag : uint64_t { kTcp = 0, kUdp = 1, kReport = 2, kFirstConnection = 16 };

  Server(const ServerFds& fds, size_t max_connections, Scene& scene, Fd epoll);
  Status watch(int fd, uint64_t tag, uint32_t events, bool known);
  bool accept_all();  // true: there may be more
  void drain();
  void read_from(uint64_t id);
  bool take(Connection& connection, std::string_view bytes);
  std::string hear(Connection& connection, std::string_view bytes);
  void pass_on(const Connection& connection, std::vector<Report> told);
  std::string hear_dns(Connection& connection, std::string_view bytes);
  void write_to(uint64_t id);
  void close(uint64_t id);
  void tell(Connection& connection);
  void tick();
  bool receive_all();  // true: there may be more
  void datagram(Report report);
  void report_dns(const Report& about, const DnsReply& reply);

  ServerFds fds_;
  size_t max_connections_;
  Fd epoll_;
  Reporter reporter_;
  Scene* scene_;
  std::map<uint64_t, Connection> connections_;  // by age
  std::set<uint64_t> young_;                    // not yet reported
  std::set<std::string> udp_flows_;
  uint64_t next_id_ = kFirstConnection;
  uint32_t udp_dropped_ = 0;
  Clock::time_point counted_;
};

}  // namespace assay::sinkhole
