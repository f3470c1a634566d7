// The half with connections: two sockets, two pipes. A reset of one side, and a peer that cannot be reached,
// become a reset of the other; the end of one direction is passed on as such.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "agent/egress/forwarder.h"

namespace assay::egress {
namespace {

constexpr int kAcceptBatch = 64;
constexpr size_t kQuantum = 16 * 1024;  // of one connection at a time, so that all get their turn

void make_reset(const Fd& fd) {
  linger at_once{1, 0};
  if (fd) ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void no_delay(const Fd& fd) {
  int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int pending_error(const Fd& fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

bool Forwarder::accept_some() {
  for (int i = 0; i < kAcceptBatch; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    Fd fd(::accept4(fds_.tcp, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd && (errno == ECONNABORTED || errno == EINTR)) continue;
    if (!fd) return false;
    admit(std::move(fd), from);
  }
  return true;
}

void Forwarder::admit(Fd fd, const sockaddr_storage& from) {
  auto guest = sinkhole::endpoint_of(from);
  auto peer = sinkhole::local_endpoint(fd.get());
  make_reset(fd);  // until it is known that it leads somewhere
  if (!guest || !peer) return reporter_.lose(1);
  Connection fresh;
  fresh.guest.fd = std::move(fd);
  fresh.report.transport = Transport::tcp;
  fresh.report.guest = *guest;
  fresh.report.peer = *peer;
  fresh.begun = Clock::now();
  if (Reason reason = config_.policy.check(*peer); reason != Reason::none)
    return refuse(fresh.report, reason);
  if (Reason reason = caps_.open(Caps::Kind::tcp, fresh.begun); reason != Reason::none)
    return refuse(fresh.report, reason);
  fresh.report.name_service = config_.policy.is_name_service(*peer);
  no_delay(fresh.guest.fd);
  fresh.resolver = resolver_;
  uint64_t id = next_id_++;
  Connection& connection = connections_.emplace(id, std::move(fresh)).first->second;
  if (!dial(id, connection)) dial_failed(id);
}

bool Forwarder::dial(uint64_t id, Connection& connection) {
  const Endpoint* to = &connection.report.peer;
  if (connection.report.name_service) {
    if (config_.resolvers.empty()) return false;
    to = &config_.resolvers[connection.resolver % config_.resolvers.size()];
  }
  int family = to->addr.is_v4() ? AF_INET : AF_INET6;
  connection.peer = {};
  connection.peer.fd = Fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!connection.peer.fd) return false;
  no_delay(connection.peer.fd);
  sockaddr_storage address;
  socklen_t size = sinkhole::put_endpoint(*to, family, address);
  if (::connect(connection.peer.fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 &&
      errno != EINPROGRESS)
    return false;
  connection.connecting = true;
  connection.dialled = Clock::now();
  connection.peer.watched = EPOLLOUT;
  return static_cast<bool>(watch(connection.peer.fd.get(), id * 4 + kPeer, EPOLLOUT, 0));
}

void Forwarder::connected(uint64_t id) {
  Connection& connection = connections_.find(id)->second;
  if (pending_error(connection.peer.fd) == 0) {
    connection.connecting = false;
    if (connection.report.name_service) resolver_ = connection.resolver;
    return settle(id);
  }
  dial_failed(id);
}

// For names there may be another to be asked.
void Forwarder::dial_failed(uint64_t id) {
  Connection& connection = connections_.find(id)->second;
  while (connection.report.name_service && ++connection.tried < config_.resolvers.size()) {
    ++connection.resolver;
    if (dial(id, connection)) return;
  }
  end(id, Ending::unanswered);
}

void Forwarder::on_ready(uint64_t id, Part part, uint32_t events) {
  auto found = connections_.find(id);
  if (found == connections_.end()) return;  // ended by an event before this one
  Connection& connection = found->second;
  if (connection.connecting) return part == kPeer ? connected(id) : settle(id);
  bool fine = (events & EPOLLERR) == 0;
  if (fine && (events & EPOLLOUT) != 0) fine = push(connection, part);
  if (fine && (events & (EPOLLIN | EPOLLHUP | EPOLLRDHUP)) != 0) fine = pull(connection, part);
  if (!fine) return end(id, Ending::reset);
  if (connection.out.held || connection.in.held) held_.insert(id);
  settle(id);
}

// Reads once from one side, and writes to the other what it takes. False: reset.
bool Forwarder::pull(Connection& connection, Part from) {
  Pipe& pipe = from == kGuest ? connection.out : connection.in;
  Side& source = from == kGuest ? connection.guest : connection.peer;
  if (pipe.ended || pipe.held || pipe.waiting.size() >= kPipeBytes) return true;
  Way way = from == kGuest ? Way::out : Way::in;
  std::array<char, kQuantum> buffer;
  // Asked first whether there is anything: to wait for bytes that nobody sends is no limit that was hit.
  ssize_t n = ::recv(source.fd.get(), buffer.data(), 1, MSG_PEEK | MSG_DONTWAIT);
  if (n == 0) pipe.ended = true;
  if (n <= 0) return n == 0 || errno == EAGAIN || errno == EINTR;
  uint64_t allowed =
      caps_.allowance(way, std::min(buffer.size(), kPipeBytes - pipe.waiting.size()), Clock::now());
  if (allowed == 0) {
    pipe.held = true;
    held_back(connection.report);
    return true;
  }
  n = ::recv(source.fd.get(), buffer.data(), allowed, MSG_DONTWAIT);
  if (n <= 0) return n == 0 || errno == EAGAIN || errno == EINTR;
  caps_.spend(way, static_cast<uint64_t>(n));
  (from == kGuest ? connection.report.bytes_out : connection.report.bytes_in) += static_cast<uint64_t>(n);
  pipe.waiting.append(buffer.data(), static_cast<size_t>(n));
  return push(connection, from == kGuest ? kPeer : kGuest);
}

// False: reset.
bool Forwarder::push(Connection& connection, Part to) {
  Pipe& pipe = to == kPeer ? connection.out : connection.in;
  Side& target = to == kPeer ? connection.peer : connection.guest;
  while (!pipe.waiting.empty()) {
    ssize_t n =
        ::send(target.fd.get(), pipe.waiting.data(), pipe.waiting.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    pipe.waiting.erase(0, static_cast<size_t>(n));
  }
  return true;
}

// Passes ends on, and watches for what can be done next.
void Forwarder::settle(uint64_t id) {
  auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& c = found->second;
  auto pass_end = [](Pipe& pipe, Side& target) {
    if (!pipe.ended || pipe.shut || !pipe.waiting.empty()) return;
    pipe.shut = true;
    ::shutdown(target.fd.get(), SHUT_WR);
  };
  pass_end(c.out, c.peer);
  pass_end(c.in, c.guest);
  if (c.out.shut && c.in.shut) return end(id, Ending::closed);
  auto wanted = [&](const Pipe& from, const Pipe& to) {
    bool reads = !c.connecting && !from.ended && !from.held && from.waiting.size() < kPipeBytes;
    return (reads ? uint32_t{EPOLLIN} : 0) | (!to.waiting.empty() ? uint32_t{EPOLLOUT} : 0);
  };
  uint32_t guest = wanted(c.out, c.in), peer = c.connecting ? uint32_t{EPOLLOUT} : wanted(c.in, c.out);
  bool fine = static_cast<bool>(watch(c.guest.fd.get(), id * 4 + kGuest, guest, c.guest.watched)) &&
              static_cast<bool>(watch(c.peer.fd.get(), id * 4 + kPeer, peer, c.peer.watched));
  c.guest.watched = guest;
  c.peer.watched = peer;
  if (!fine) end(id, Ending::reset);
}

void Forwarder::end(uint64_t id, Ending ending) {
  auto found = connections_.find(id);
  Connection& connection = found->second;
  linger politely{0, 0};
  if (ending == Ending::closed) {
    ::setsockopt(connection.guest.fd.get(), SOL_SOCKET, SO_LINGER, &politely, sizeof politely);
  } else {
    make_reset(connection.guest.fd);
    make_reset(connection.peer.fd);
  }
  tell_session(connection.report, ending, connection.begun);
  caps_.close(Caps::Kind::tcp);
  held_.erase(id);
  connections_.erase(found);
}

}  // namespace assay::egress
