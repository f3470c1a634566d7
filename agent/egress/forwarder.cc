// The loop; connections are in forwarder_tcp.cc, datagrams in forwarder_udp.cc.
#include "agent/egress/forwarder.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>

#include "common/clock.h"

namespace assay::egress {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kHeldTick{10}, kTick{500};
constexpr milliseconds kCounterPeriod{1000}, kLastWords{500};
constexpr milliseconds kDialTime{10'000}, kResolverTime{1000};

}  // namespace

Forwarder::Forwarder(const ForwarderFds& fds, ForwarderConfig config, Fd epoll)
    : fds_(fds),
      config_(std::move(config)),
      epoll_(std::move(epoll)),
      reporter_(fds.report, Clock::now()),
      caps_(config_.caps, Clock::now()),
      table_(config_.caps.connections),
      ticked_(Clock::now()),
      looked_(Clock::now()),
      counted_(Clock::now()) {}

// No events: not watched at all, or a connection that has been hung up would wake us without end.
Status Forwarder::watch(int fd, uint64_t tag, uint32_t events, uint32_t before) {
  if (events == before) return Status();
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  int what = before == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_.get(), what, fd, &event) != 0) return errno_error("epoll_ctl");
  return Status();
}

Result<Forwarder> Forwarder::open(const ForwarderFds& fds, ForwarderConfig config) {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return errno_error("epoll_create");
  Forwarder forwarder(fds, std::move(config), std::move(epoll));
  ASSAY_CHECK(forwarder.watch(fds.tcp, kTcp, EPOLLIN, 0));
  ASSAY_CHECK(forwarder.watch(fds.udp, kUdp, EPOLLIN, 0));
  ASSAY_CHECK(forwarder.watch(fds.report, kReport, EPOLLRDHUP, 0));
  return forwarder;
}

Status Forwarder::run() {
  std::array<epoll_event, 256> events;
  for (bool going = true; going;) {
    auto timeout = held_.empty() ? kTick : kHeldTick;
    int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                         static_cast<int>(timeout.count()));
    if (n < 0 && errno != EINTR) return errno_error("epoll_wait");
    for (int i = 0; i < n; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.u64 == kReport) going = false;
      dispatch(event.data.u64, event.events);
    }
    if (caps_.used_up()) cut_all();
    tick(Clock::now());
  }
  drain();
  reporter_.send_counters(counters(), kLastWords);
  return Status();
}

void Forwarder::dispatch(uint64_t tag, uint32_t events) {
  if (tag == kTcp) accept_some();
  if (tag == kUdp) receive_some();
  if (tag < kFirst) return;
  auto part = static_cast<Part>(tag % 4);
  if (part == kSession)
    answers(tag / 4);
  else
    on_ready(tag / 4, part, events);
}

// Once the bytes are used up nothing goes on.
void Forwarder::cut_all() {
  while (!connections_.empty()) {
    caps_.refuse_bytes();
    refuse(connections_.begin()->second.report, Reason::bytes);
    end(connections_.begin()->first, Ending::cut);
  }
  while (!sessions_.empty()) end_session(sessions_.begin()->first, Ending::cut);
}

void Forwarder::tick(Clock::time_point now) {
  if (!held_.empty() && now - ticked_ >= kHeldTick) {
    std::set<uint64_t> held;
    held.swap(held_);
    ticked_ = now;
    for (uint64_t id : held) {
      auto found = connections_.find(id);
      if (found == connections_.end()) continue;
      found->second.out.held = found->second.in.held = false;
      settle(id);
    }
  }
  if (now - looked_ < kTick) return;
  looked_ = now;
  for (uint64_t id : table_.expired(now)) end_session(id, Ending::closed);
  for (auto next = connections_.begin(); next != connections_.end();) {
    auto& [id, connection] = *next++;
    auto patience = connection.report.name_service ? kResolverTime : kDialTime;
    if (connection.connecting && now - connection.dialled > patience) dial_failed(id);
  }
  if (now - counted_ < kCounterPeriod) return;
  counted_ = now;
  reporter_.send_counters(counters(), milliseconds(0));
}

// Who has arrived by now is still told of.
void Forwarder::drain() {
  while (!connections_.empty()) end(connections_.begin()->first, Ending::cut);
  while (!sessions_.empty()) end_session(sessions_.begin()->first, Ending::closed);
}

Report Forwarder::counters() const {
  Report out;
  out.time_ns = wall_ns();
  out.moved = caps_.moved();
  out.rate_held = caps_.rate_held();
  out.connections_refused = caps_.connections_refused();
  out.bytes_refused = caps_.bytes_refused();
  return out;
}

// Told once for each peer and reason. The caps count how often they hit.
void Forwarder::refuse(Report about, Reason reason) {
  std::tuple key(about.peer.addr, about.peer.port, about.transport, reason);
  if (told_.size() >= kMaxTold || !told_.insert(key).second) return;
  about.kind = ReportKind::refused;
  about.time_ns = wall_ns();
  about.reason = reason;
  about.ending = Ending::none;
  reporter_.send(about, Clock::now());
}

void Forwarder::held_back(const Report& about) {
  if (caps_.used_up()) return;  // that is another limit
  if (caps_.rate_held() == 0) refuse(about, Reason::rate);
  caps_.hold();
}

// What was asked of the name service `flows` tells.
void Forwarder::tell_session(Report report, Ending ending, Clock::time_point begun) {
  if (report.name_service && ending != Ending::unanswered) return;
  auto now = Clock::now();
  report.kind = ReportKind::session;
  report.time_ns = wall_ns();
  report.ending = ending;
  report.duration_ns = std::chrono::nanoseconds(now - begun).count();
  reporter_.send(report, now);
}

// Of the host's resolvers the next one is asked as soon as one has not answered for a second.
void Forwarder::note_question(Clock::time_point now) {
  if (asked_ && now - *asked_ > kResolverTime) {
    ++resolver_;
    asked_.reset();
  }
  if (!asked_) asked_ = now;
}

}  // namespace assay::egress
