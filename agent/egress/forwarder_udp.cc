// The half with datagrams: a connected socket for each conversation; answers go back to the guest as packets
// that we write ourselves, in the name of whom it had asked.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "agent/egress/forwarder.h"
#include "agent/egress/packet.h"

namespace assay::egress {
namespace {

constexpr int kReceiveBatch = 64;

Report report_of(const SessionKey& key) {
  Report out;
  out.transport = Transport::udp;
  out.guest = {key.guest, key.guest_port};
  out.peer = {key.peer, key.peer_port};
  return out;
}

}  // namespace

bool Forwarder::receive_some() {
  std::array<char, 65536> buffer;
  for (int i = 0; i < kReceiveBatch; ++i) {
    auto received = sinkhole::receive_datagram(fds_.udp, buffer);
    if (!received) return false;
    if (received->dropped) lose_dropped(*received->dropped);
    if (received->from && received->to)
      datagram(*received->from, *received->to, received->data);
    else
      reporter_.lose(1);
  }
  return true;
}

// A running total, which may wrap.
void Forwarder::lose_dropped(uint32_t total) {
  reporter_.lose(total - udp_dropped_);
  udp_dropped_ = total;
}

// What the rate does not allow is dropped, as by a full link.
void Forwarder::datagram(const Endpoint& guest, const Endpoint& to, std::string_view data) {
  if (config_.policy.is_name_service(to)) note_question(Clock::now());
  Session* session = session_of({guest.addr, to.addr, guest.port, to.port});
  if (session == nullptr) return;
  if (caps_.allowance(Way::out, data.size(), Clock::now()) < data.size()) return held_back(session->report);
  // Connected: an error of an earlier datagram (the peer's host has refused it) may be told now.
  ssize_t n = ::send(session->fd.get(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0 && errno == ECONNREFUSED)
    n = ::send(session->fd.get(), data.data(), data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0) return;
  caps_.spend(Way::out, static_cast<uint64_t>(n));
  session->report.bytes_out += static_cast<uint64_t>(n);
}

Forwarder::Session* Forwarder::session_of(const SessionKey& key) {
  auto now = Clock::now();
  if (auto id = table_.find(key, now)) {
    Session& known = sessions_.find(*id)->second;
    if (known.name_service && known.resolver != resolver_) (void)open_peer(*id, known);
    return &known;
  }
  Endpoint to{key.peer, key.peer_port};
  Reason reason = config_.policy.check(to);
  if (reason == Reason::none) {
    if (auto oldest = table_.to_evict()) end_session(*oldest, Ending::closed);
    reason = caps_.open(Caps::Kind::udp, now);
  }
  if (reason != Reason::none) {
    refuse(report_of(key), reason);
    return nullptr;
  }
  bool names = config_.policy.is_name_service(to);
  Session session;
  session.key = key;
  session.report = report_of(key);
  session.begun = now;
  session.report.name_service = session.name_service = names;
  uint64_t id = next_id_++;
  if (!open_peer(id, session)) {
    caps_.close(Caps::Kind::udp);
    tell_session(session.report, Ending::unanswered, now);
    return nullptr;
  }
  table_.add(key, id, names ? Sessions::kNameIdle : Sessions::kIdle, now);
  return &sessions_.emplace(id, std::move(session)).first->second;
}

bool Forwarder::open_peer(uint64_t id, Session& session) {
  Endpoint to{session.key.peer, session.key.peer_port};
  if (session.name_service) {
    if (config_.resolvers.empty()) return false;
    session.resolver = resolver_;
    to = config_.resolvers[resolver_ % config_.resolvers.size()];
  }
  int family = to.addr.is_v4() ? AF_INET : AF_INET6;
  session.fd = Fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_storage address;
  socklen_t size = sinkhole::put_endpoint(to, family, address);
  return session.fd && ::connect(session.fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
         watch(session.fd.get(), id * 4 + kSession, EPOLLIN, 0);
}

void Forwarder::answers(uint64_t id) {
  auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  Session& session = found->second;
  std::array<char, 65536> buffer;
  for (int i = 0; i < kReceiveBatch; ++i) {
    ssize_t n = ::recv(session.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) {  // nobody listens there
      if (session.name_service && session.resolver == resolver_) ++resolver_;
      return end_session(id, Ending::unanswered);
    }
    if (!answer(session, std::string_view(buffer.data(), static_cast<size_t>(n)))) continue;
    if (session.name_service) asked_.reset();
    session.report.bytes_in += static_cast<uint64_t>(n);
    table_.heard(session.key, Clock::now());
  }
}

bool Forwarder::answer(Session& session, std::string_view data) {
  if (caps_.allowance(Way::in, data.size(), Clock::now()) < data.size()) {
    held_back(session.report);
    return false;
  }
  const SessionKey& key = session.key;
  int family = key.guest.is_v4() ? AF_INET : AF_INET6;
  int raw = key.guest.is_v4() ? fds_.raw4 : fds_.raw6;
  sockaddr_storage to;
  socklen_t size = sinkhole::put_endpoint({key.guest, 0}, family, to);
  for (const std::string& packet :
       udp_packets({key.peer, key.peer_port}, {key.guest, key.guest_port}, data, ++packet_id_))
    if (::sendto(raw, packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                 reinterpret_cast<sockaddr*>(&to), size) < 0) {
      reporter_.lose(1);
      return false;
    }
  caps_.spend(Way::in, data.size());
  return true;
}

void Forwarder::end_session(uint64_t id, Ending ending) {
  auto found = sessions_.find(id);
  Session& session = found->second;
  tell_session(session.report, ending, session.begun);
  table_.remove(session.key);
  caps_.close(Caps::Kind::udp);
  sessions_.erase(found);
}

}  // namespace assay::egress
