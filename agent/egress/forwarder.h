// forwarder: the loop of assay-egress: one thread, one epoll. Takes what the guest sends to the world's
// sockets, asks policy and caps, dials out from where this process is, and moves bytes both ways. Looks into
// none of them. Ends when the agent closes its end of the report channel.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "agent/egress/config.h"
#include "agent/egress/report.h"
#include "agent/egress/sessions.h"
#include "common/fd.h"
#include "common/result.h"

namespace assay::egress {

struct ForwarderFds {
  int tcp = -1;     // of the world: listening, non-blocking, for any address and port
  int udp = -1;     // of the world: IP_RECVORIGDSTADDR, IPV6_RECVORIGDSTADDR, SO_RXQ_OVFL
  int raw4 = -1;    // of the world: SOCK_RAW, IPPROTO_RAW: answers leave by it with any source
  int raw6 = -1;    // the same of IPv6; -1: the kernel has none
  int report = -1;  // SOCK_SEQPACKET
};

class Forwarder {
 public:
  static constexpr size_t kPipeBytes = 64 * 1024;  // that wait in one direction of a connection
  static constexpr size_t kMaxTold = 4096;         // refusals, each told once; beyond, they are only counted

  static Result<Forwarder> open(const ForwarderFds& fds, ForwarderConfig config);
  Forwarder(Forwarder&&) noexcept = default;
  Forwarder& operator=(Forwarder&&) = delete;
  ~Forwarder() = default;
  /// Until the agent hangs up. Reports what is still unreported, and the counters, before it returns.
  Status run();

 private:
  // One direction of a TCP connection.
  struct Pipe {
    std::string waiting;
    bool ended = false;  // nothing more comes in
    bool shut = false;   // and that was told to the other side
    bool held = false;   // by the rate: nothing is read until the next tick
  };
  struct Side {
    Fd fd;
    uint32_t watched = 0;  // events
  };
  struct Connection {
    Side guest, peer;
    Pipe out, in;  // out: from the guest
    Report report;
    Clock::time_point begun;
    bool connecting = true;
    Clock::time_point dialled;
    size_t resolver = 0;  // of those of the host, where it asks for names
    size_t tried = 0;     // further ones
  };
  struct Session {
    Fd fd;
    SessionKey key;
    Report report;
    Clock::time_point begun;
    bool name_service = false;  // it asks for names
    size_t resolver = 0;        // this one of the host's
  };
  enum Tag : uint64_t { kTcp = 0, kUdp = 1, kReport = 2, kFirst = 8 };  // then number * 4 + part
  enum Part : uint64_t { kGuest = 0, kPeer = 1, kSession = 2 };

  Forwarder(const ForwarderFds& fds, ForwarderConfig config, Fd epoll);
  Status watch(int fd, uint64_t tag, uint32_t events, uint32_t before);
  void dispatch(uint64_t tag, uint32_t events);
  void tick(Clock::time_point now);
  void cut_all();
  void drain();
  Report counters() const;
  void refuse(Report about, Reason reason);
  void held_back(const Report& about);
  void tell_session(Report report, Ending ending, Clock::time_point begun);
  void note_question(Clock::time_point now);

  // TCP: forwarder_tcp.cc
  bool accept_some();
  void admit(Fd fd, const sockaddr_storage& from);
  bool dial(uint64_t id, Connection& connection);
  void connected(uint64_t id);
  void dial_failed(uint64_t id);
  void on_ready(uint64_t id, Part part, uint32_t events);
  bool pull(Connection& connection, Part from);
  bool push(Connection& connection, Part to);
  void settle(uint64_t id);
  void end(uint64_t id, Ending ending);

  // UDP: forwarder_udp.cc
  bool receive_some();
  void lose_dropped(uint32_t total);
  void datagram(const Endpoint& guest, const Endpoint& to, std::string_view data);
  Session* session_of(const SessionKey& key);
  bool open_peer(uint64_t id, Session& session);
  void answers(uint64_t id);
  bool answer(Session& session, std::string_view data);
  void end_session(uint64_t id, Ending ending);

  ForwarderFds fds_;
  ForwarderConfig config_;
  Fd epoll_;
  Reporter reporter_;
  Caps caps_;
  std::map<uint64_t, Connection> connections_;
  std::set<uint64_t> held_;  // by the rate
  Sessions table_;
  std::map<uint64_t, Session> sessions_;
  std::set<std::tuple<Address, uint16_t, Transport, Reason>> told_;  // refusals
  uint64_t next_id_ = kFirst;
  uint32_t packet_id_ = 0, udp_dropped_ = 0;
  size_t resolver_ = 0;                     // of the host's, the one that is asked
  std::optional<Clock::time_point> asked_;  // it, and it has not answered since
  Clock::time_point ticked_, looked_, counted_;
};

}  // namespace assay::egress
