#include "agent/provoke/ports.h"

#include <algorithm>

namespace assay {
namespace {

constexpr size_t kMaxBound = 1024;
constexpr uint32_t kFirstEphemeral = 32768;  // where clients' own UDP sockets lie

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace

Ports::Ports(std::vector<ExposedPort> exposed, std::string address, Probe::MakeSocket make_socket,
             std::function<void(Event)> tell)
    : exposed_(std::move(exposed)),
      address_(std::move(address)),
      make_socket_(std::move(make_socket)),
      tell_(std::move(tell)) {}

void Ports::note(const Event& event) {
  if (address_.empty() || event.plane != Plane::guest || event.error != 0) return;
  if (event.kind == EventKind::bind && event.src_port != 0) {
    bool loopback = is_loopback(event.src_addr);
    if (bound_.size() < kMaxBound) bound_[{event.pid, event.fd}] = {event.proto, event.src_port, loopback};
    bool served =
        event.proto == "udp" && (event.src_port < kFirstEphemeral ||
                                 std::any_of(exposed_.begin(), exposed_.end(), [&](const ExposedPort& port) {
                                   return port.proto == "udp" && port.port == event.src_port;
                                 }));
    if (served) found("udp", event.src_port, loopback);
  } else if (event.kind == EventKind::listen) {
    // Another process of a server may have bound it: then the descriptor is the same.
    auto bound = bound_.find({event.pid, event.fd});
    if (bound == bound_.end())
      bound = std::find_if(bound_.begin(), bound_.end(), [&](const auto& entry) {
        return entry.first.second == event.fd && entry.second.proto == "tcp";
      });
    if (bound != bound_.end() && bound->second.proto != "udp")
      found("tcp", bound->second.port, bound->second.loopback);
  }
}

void Ports::found(const std::string& proto, uint32_t port, bool loopback) {
  if (known_.size() >= kMaxPorts || !known_.emplace(proto, port).second) return;
  if (!loopback) {
    waiting_.push_back({proto, port});
    return;
  }
  tell_unprobed(proto, port, "loopback only");
}

void Ports::tell_unprobed(const std::string& proto, uint32_t port, const char* why) {
  Event event;
  event.kind = EventKind::provoke;
  event.call = "port";
  event.proto = proto;
  event.dst_port = port;
  event.path = proto + "/" + std::to_string(port);
  event.name = why;
  tell_(std::move(event));
}

void Ports::finish() {
  for (const ExposedPort& port : waiting_) tell_unprobed(port.proto, port.port, "no time");
  waiting_.clear();
  if (address_.empty()) return;
  for (const ExposedPort& port : exposed_)
    if (known_.emplace(port.proto, port.port).second) tell_unprobed(port.proto, port.port, "nobody listened");
}

void Ports::try_exposed() {
  if (address_.empty()) return;
  for (const ExposedPort& port : exposed_) found(port.proto, port.port, false);
}

void Ports::poll_fds(std::vector<pollfd>& fds) const {
  for (const auto& probe : probes_) fds.push_back({probe->fd(), probe->events(), 0});
}

void Ports::turn(Clock::time_point now, bool may_begin) {
  while (may_begin && !waiting_.empty() && probes_.size() < kParallel) {
    probes_.push_back(std::make_unique<Probe>(
        ProbeTarget{waiting_.front().proto, address_, waiting_.front().port}, make_socket_, now));
    waiting_.pop_front();
  }
  std::erase_if(probes_, [&](const auto& probe) {
    if (!probe->advance(now)) return false;
    told(*probe, now);
    return true;
  });
}

void Ports::stop(Clock::time_point now) {
  for (const auto& probe : probes_) told(*probe, now);
  probes_.clear();
  bound_.clear();
}

void Ports::told(const Probe& probe, Clock::time_point now) {
  const ProbeResult& result = probe.result();
  Event event;
  event.kind = EventKind::provoke;
  event.call = "port";
  event.proto = probe.target().proto;
  event.dst_addr = probe.target().address;
  event.dst_port = probe.target().port;
  event.path = event.proto + "/" + std::to_string(event.dst_port);
  event.app = result.app;
  event.name = !result.app.empty() ? result.app : result.how.empty() ? "no answer" : result.how;
  event.result = result.status;
  event.argv = result.asked;
  event.data = result.answer;
  event.duration_ns = std::chrono::nanoseconds(now - probe.begun()).count();
  tell_(std::move(event));
}

}  // namespace assay
