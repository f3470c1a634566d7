// The TCP half and the loop; datagrams are in server_udp.cc.
#include "agent/sinkhole/server.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "common/clock.h"

namespace assay::sinkhole {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSilenceBeforeGreeting{150};
constexpr milliseconds kGatherFirstBytes{200};  // after the first data: a login often comes in pieces
constexpr milliseconds kSilenceBeforeReport{2000};
constexpr milliseconds kTick{50}, kIdle{1000};
constexpr milliseconds kCounterPeriod{1000}, kLastWords{500};
constexpr int kAcceptBatch = 256, kReadBatch = 16, kDrainRounds = 64;

uint16_t be16(std::string_view bytes) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[0]) << 8 | static_cast<uint8_t>(bytes[1]));
}

}  // namespace

Server::Server(const ServerFds& fds, size_t max_connections, Scene& scene, Fd epoll)
    : fds_(fds),
      max_connections_(max_connections),
      epoll_(std::move(epoll)),
      reporter_(fds.report, Clock::now()),
      scene_(&scene),
      counted_(Clock::now()) {}

Status Server::watch(int fd, uint64_t tag, uint32_t events, bool known) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  if (::epoll_ctl(epoll_.get(), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0)
    return errno_error("epoll_ctl");
  return Status();
}

Result<Server> Server::open(const ServerFds& fds, size_t max_connections, Scene& scene) {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return errno_error("epoll_create");
  Server server(fds, std::clamp<size_t>(max_connections, 1, kMaxConnections), scene, std::move(epoll));
  ASSAY_CHECK(server.watch(fds.tcp, kTcp, EPOLLIN, false));
  ASSAY_CHECK(server.watch(fds.udp, kUdp, EPOLLIN, false));
  ASSAY_CHECK(server.watch(fds.report, kReport, EPOLLRDHUP, false));
  return server;
}

Status Server::run() {
  std::array<epoll_event, 256> events;
  for (bool going = true; going;) {
    int timeout = static_cast<int>((young_.empty() ? kIdle : kTick).count());
    int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
    if (n < 0 && errno != EINTR) return errno_error("epoll_wait");
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      uint64_t tag = event.data.u64;
      if (tag == kReport) going = false;
      if (tag == kTcp) accept_all();
      if (tag == kUdp) receive_all();
      if (tag >= kFirstConnection && (event.events & EPOLLOUT) != 0) write_to(tag);
      if (tag >= kFirstConnection && (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_from(tag);
    }
    tick();
  }
  drain();
  reporter_.send_counters(wall_ns(), kLastWords);
  return Status();
}

// Whatever has arrived by now is still heard.
void Server::drain() {
  for (int round = 0;
       round < kDrainRounds && (static_cast<int>(accept_all()) | static_cast<int>(receive_all())) != 0;
       ++round) {
  }
  while (!connections_.empty()) {
    uint64_t id = connections_.begin()->first;
    read_from(id);
    close(id);
  }
}

bool Server::accept_all() {
  for (int i = 0; i < kAcceptBatch; ++i) {
    sockaddr_in peer{}, local{};
    socklen_t size = sizeof peer;
    Fd fd(::accept4(fds_.tcp, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EAGAIN) return false;
      // Out of descriptors: the oldest connection makes room, and the next round goes on.
      if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) &&
          !connections_.empty())
        close(connections_.begin()->first);
      else if (errno != EINTR && errno != ECONNABORTED)
        reporter_.lose(1);
      return true;
    }
    size = sizeof local;
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&local), &size) != 0) {
      reporter_.lose(1);
      continue;
    }
    // The oldest goes: it has been reported at the latest by its closing, and a flood cannot shut out what
    // comes after it.
    if (connections_.size() >= max_connections_) close(connections_.begin()->first);
    uint64_t id = next_id_++;
    Report report;
    report.kind = ReportKind::session;
    report.time_ns = wall_ns();
    report.src_addr = Address::v4(ntohl(peer.sin_addr.s_addr));
    report.src_port = ntohs(peer.sin_port);
    report.dst_addr = Address::v4(ntohl(local.sin_addr.s_addr));
    report.dst_port = ntohs(local.sin_port);
    if (const std::string* name = scene_->names.name_of(report.dst_addr.as_v4())) report.name = *name;
    Connection connection(
        Peer{report.src_addr, report.dst_addr, report.src_port, report.dst_port, report.name, "", false},
        *scene_);
    connection.report = std::move(report);
    connection.accepted = Clock::now();
    if (!watch(fd.get(), id, EPOLLIN, false)) {
      reporter_.lose(1);
      continue;
    }
    connection.fd = std::move(fd);
    connections_.emplace(id, std::move(connection));
    young_.insert(id);
  }
  return true;
}

void Server::read_from(uint64_t id) {
  auto it = connections_.find(id);
  if (it == connections_.end()) return;
  Connection& connection = it->second;
  std::array<char, 4096> buffer;  // small: a pipelined request of 20 bytes makes us hold 250
  for (int i = 0; i < kReadBatch && !connection.writing && connection.pending.size() < kMaxPendingBytes;
       ++i) {
    ssize_t n = ::recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (n < 0) return close(id);
    if (n == 0) {
      connection.ended = true;  // it may still read what we have for it
      break;
    }
    if (!take(connection, std::string_view(buffer.data(), static_cast<size_t>(n)))) return close(id);
  }
  write_to(id);
}

// False when the connection has sent more than it may.
bool Server::take(Connection& connection, std::string_view bytes) {
  Report& report = connection.report;
  if (report.bytes_out == 0) connection.first_data = Clock::now();
  report.bytes_out += bytes.size();
  size_t kept = std::min(bytes.size(), kMaxDataBytes - report.data.size());
  report.data += bytes.substr(0, kept);
  report.truncated += bytes.size() - kept;
  if (report.dst_port == 53 && (!connection.dns_buffer.empty() || static_cast<uint8_t>(bytes[0]) < 0x10))
    connection.pending += hear_dns(connection, bytes);
  else
    connection.pending += hear(connection, bytes);
  return report.bytes_out <= kMaxConnectionBytes;
}

std::string Server::hear(Connection& connection, std::string_view bytes) {
  std::vector<Report> told;
  std::string out = connection.talk.hear(bytes, wall_ns(), told);
  pass_on(connection, std::move(told));
  return out;
}

// What a conversation noticed, with what only we know.
void Server::pass_on(const Connection& connection, std::vector<Report> told) {
  for (Report& report : told) {
    report.time_ns = wall_ns();
    report.src_addr = connection.report.src_addr;
    report.dst_addr = connection.report.dst_addr;
    report.src_port = connection.report.src_port;
    report.dst_port = connection.report.dst_port;
    reporter_.send(std::move(report), Clock::now());
  }
}

// RFC 1035 section 4.2.2: messages behind 16-bit lengths.
std::string Server::hear_dns(Connection& connection, std::string_view bytes) {
  std::string out;
  std::string& buffer = connection.dns_buffer;
  buffer += bytes;
  size_t at = 0;
  while (buffer.size() - at >= 2 && out.size() < kMaxPendingBytes) {
    size_t length = be16(std::string_view(buffer).substr(at));
    if (buffer.size() - at - 2 < length) break;
    DnsReply reply = answer_dns(std::string_view(buffer).substr(at + 2, length), scene_->names);
    at += 2 + length;
    Report about = connection.report;
    about.data.clear();
    report_dns(about, reply);
    if (reply.packet.empty()) continue;
    out += static_cast<char>(reply.packet.size() >> 8);
    out += static_cast<char>(reply.packet.size());
    out += reply.packet;
  }
  buffer.erase(0, at);
  return out;
}

void Server::write_to(uint64_t id) {
  auto it = connections_.find(id);
  if (it == connections_.end()) return;
  Connection& connection = it->second;
  while (!connection.pending.empty()) {
    ssize_t n =
        ::send(connection.fd.get(), connection.pending.data(), connection.pending.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return close(id);
    connection.report.bytes_in += static_cast<uint64_t>(n);
    connection.pending.erase(0, static_cast<size_t>(n));
  }
  if (connection.pending.empty() && (connection.ended || connection.talk.closing())) return close(id);
  // A client that does not read is not read from: what it makes us hold is bounded by one round of reading.
  bool writing = !connection.pending.empty();
  if (writing == connection.writing) return;
  connection.writing = writing;
  if (!watch(connection.fd.get(), id, writing ? EPOLLOUT : EPOLLIN, true)) close(id);
}

void Server::tell(Connection& connection) {
  if (connection.reported) return;
  connection.reported = true;
  connection.report.app = connection.talk.app();
  if (const std::string* plaintext = connection.talk.plaintext()) connection.report.data = *plaintext;
  reporter_.send(connection.report, Clock::now());
  connection.report.data = {};
  connection.report.data.shrink_to_fit();
}

void Server::close(uint64_t id) {
  auto it = connections_.find(id);
  if (it == connections_.end()) return;
  tell(it->second);
  young_.erase(id);
  connections_.erase(it);
}

void Server::tick() {
  auto now = Clock::now();
  for (auto next = young_.begin(); next != young_.end();) {
    uint64_t id = *next++;  // close() may take it out
    auto it = connections_.find(id);
    Connection& connection = it->second;
    bool silent = connection.report.bytes_out == 0;
    if (silent && now - connection.accepted >= kSilenceBeforeGreeting) {
      std::vector<Report> told;
      connection.pending += connection.talk.silence(wall_ns(), told);
      pass_on(connection, std::move(told));
      write_to(id);
      if (!connections_.contains(id)) continue;
    }
    if ((silent && now - connection.accepted >= kSilenceBeforeReport) ||
        (!silent && now - connection.first_data >= kGatherFirstBytes) || connection.report.truncated > 0) {
      tell(connection);
      young_.erase(id);
    }
  }
  if (now - counted_ < kCounterPeriod) return;
  counted_ = now;
  reporter_.send_counters(wall_ns(), milliseconds(0));
}

void Server::report_dns(const Report& about, const DnsReply& reply) {
  Report report = about;
  report.kind = ReportKind::dns;
  report.time_ns = wall_ns();
  report.name = reply.question ? reply.question->name : "";
  report.query_type = reply.question ? dns_type_name(reply.question->type) : "";
  report.rcode = reply.rcode;
  report.answers = reply.answers;
  reporter_.send(std::move(report), Clock::now());
}

}  // namespace assay::sinkhole
