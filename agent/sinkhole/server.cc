// The loop; connections are in server_tcp.cc, datagrams in server_udp.cc.
#include "agent/sinkhole/server.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/sinkhole/sockets.h"
#include "common/clock.h"

namespace assay::sinkhole {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{50}, kIdle{1000};
constexpr milliseconds kCounterPeriod{1000}, kLastWords{500};
constexpr int kDrainRounds = 256;  // more than the sockets can hold

}  // namespace

Server::Server(ServerFds fds, size_t max_connections, Scene& scene, Fd epoll)
    : fds_(std::move(fds)),
      max_connections_(max_connections),
      epoll_(std::move(epoll)),
      reporter_(fds_.report, Clock::now()),
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

Result<Server> Server::open(ServerFds fds, size_t max_connections, Scene& scene) {
  if (fds.decoys.size() > kMaxDecoys) return Error{Errc::limit, "too many decoy sockets"};
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return errno_error("epoll_create");
  Server server(std::move(fds), std::clamp<size_t>(max_connections, 1, kMaxConnections), scene,
                std::move(epoll));
  ASSAY_CHECK(server.watch(server.fds_.tcp, kTcp, EPOLLIN, false));
  ASSAY_CHECK(server.watch(server.fds_.udp, kUdp, EPOLLIN, false));
  ASSAY_CHECK(server.watch(server.fds_.report, kReport, EPOLLRDHUP, false));
  for (size_t i = 0; i < server.fds_.decoys.size(); ++i) {
    int fd = server.fds_.decoys[i].fd;
    if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return errno_error("prepare a decoy socket");
    ASSAY_CHECK(server.watch(fd, kFirstDecoy + i, EPOLLIN, false));
  }
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
      if (event.data.u64 == kReport) going = false;
      dispatch(event.data.u64, event.events);
    }
    tick();
  }
  drain();
  reporter_.send_counters(wall_ns(), kLastWords);
  return Status();
}

void Server::dispatch(uint64_t tag, uint32_t events) {
  if (tag == kTcp) accept_all(fds_.tcp, "");
  if (tag == kUdp) receive_all();
  if (tag >= kFirstDecoy && tag < kFirstConnection) {
    const Decoy& decoy = fds_.decoys[tag - kFirstDecoy];
    accept_all(decoy.fd, decoy.name);
  }
  if (tag < kFirstConnection) return;
  if ((events & EPOLLOUT) != 0) write_to(tag);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_from(tag);
  make_room();
}

bool Server::arrivals() {
  bool more = accept_all(fds_.tcp, "");
  more |= receive_all();
  for (const Decoy& decoy : fds_.decoys) more |= accept_all(decoy.fd, decoy.name);
  return more;
}

// Whatever has arrived by now is still heard.
void Server::drain() {
  for (int round = 0; round < kDrainRounds && arrivals(); ++round) {
  }
  if (auto dropped = datagrams_dropped(fds_.udp)) lose_dropped(*dropped);
  while (!connections_.empty()) {
    uint64_t id = connections_.begin()->first;
    read_from(id);
    close(id);
  }
}

// What a conversation noticed, with what only we know.
void Server::tell_all(const Report& about, std::vector<Report> told) {
  for (Report& report : told) {
    report.time_ns = wall_ns();
    report.transport = about.transport;
    report.src_addr = about.src_addr;
    report.dst_addr = about.dst_addr;
    report.src_port = about.src_port;
    report.dst_port = about.dst_port;
    // What a client of a Unix socket calls its host means nothing.
    if (about.transport == Transport::unix_socket) report.name = about.name;
    reporter_.send(std::move(report), Clock::now());
  }
}

void Server::tick() {
  auto now = Clock::now();
  for (auto next = young_.begin(); next != young_.end();) {
    uint64_t id = *next++;  // greeting may close it
    greet(id);
    auto it = connections_.find(id);
    if (it == connections_.end() || !due(it->second, now)) continue;
    tell(it->second);
    young_.erase(id);
  }
  if (now - counted_ < kCounterPeriod) return;
  counted_ = now;
  reporter_.send_counters(wall_ns(), milliseconds(0));
}

}  // namespace assay::sinkhole
