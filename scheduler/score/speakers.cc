// A TCP connect() and its SYN are seen by different sources, in either order and close together: the n-th of
// the one to a peer belongs to the n-th of the other.
#include "scheduler/score/speakers.h"

#include <cerrno>

#include "common/paths.h"

namespace assay {
namespace {

constexpr int64_t kTogetherNs = 1'000'000'000;

void drop_old(std::deque<std::pair<int64_t, uint64_t>>& waiting, int64_t now, size_t limit) {
  while (!waiting.empty() && (now - waiting.front().first > kTogetherNs || waiting.size() >= limit))
    waiting.pop_front();
}

}  // namespace

void Speakers::add(const Event& event) {
  if (event.kind == EventKind::connect) on_connect(event);
  if (event.kind == EventKind::flow_start && event.proto == "tcp") on_flow(event);
  if (event.kind == EventKind::syscall && event.call.starts_with("send")) on_datagram(event);
}

// To an address without connect(): resolvers do so.
void Speakers::on_datagram(const Event& e) {
  if (e.dst_addr.empty() || e.dst_port == 0) return;
  size_t process = tree_.find(e.pid);
  if (process == ProcessTree::kNone) return;
  PeerKey key("udp", e.dst_addr, e.dst_port);
  if (peers_.size() < kMaxPeers || peers_.contains(key)) peers_[key].last = process;
}

void Speakers::on_connect(const Event& e) {
  bool begun = e.error == 0 || e.error == EINPROGRESS || e.error == EINTR || e.error == EAGAIN;
  size_t process = tree_.find(e.pid);
  if (!begun || process == ProcessTree::kNone) return;
  bool local = e.proto == "unix" || (!e.path.empty() && e.dst_addr.empty());
  if (local) return on_socket(e, process);
  PeerKey key(e.proto, e.dst_addr, e.dst_port);
  if (peers_.size() >= kMaxPeers && !peers_.contains(key)) return;
  Peer& peer = peers_[key];
  peer.last = process;
  if (e.proto != "tcp") return;
  drop_old(peer.flows, e.time_ns, kMaxWaiting);
  drop_old(peer.calls, e.time_ns, kMaxWaiting);
  if (peer.flows.empty()) {
    peer.calls.emplace_back(e.time_ns, process);
    return;
  }
  pair(key, process, peer.flows.front().second);
  peer.flows.pop_front();
}

void Speakers::on_flow(const Event& e) {
  PeerKey key(e.proto, e.dst_addr, e.dst_port);
  if (peers_.size() >= kMaxPeers && !peers_.contains(key)) return;
  Peer& peer = peers_[key];
  drop_old(peer.flows, e.time_ns, kMaxWaiting);
  drop_old(peer.calls, e.time_ns, kMaxWaiting);
  if (peer.calls.empty()) {
    peer.flows.emplace_back(e.time_ns, e.src_port);
    return;
  }
  pair(key, peer.calls.front().second, e.src_port);
  peer.calls.pop_front();
}

void Speakers::pair(const PeerKey& key, uint64_t process, uint64_t port) {
  auto flow = std::make_pair(key, port);
  if (flows_.size() < kMaxFlows || flows_.contains(flow)) flows_[flow] = process;
}

size_t Speakers::of(const Event& report) const {
  if (report.dst_addr.empty()) return of_socket(report);
  PeerKey key(report.proto, report.dst_addr, report.dst_port);
  auto flow = flows_.find({key, report.src_port});
  if (flow != flows_.end()) return flow->second;
  auto peer = peers_.find(key);
  return peer == peers_.end() ? ProcessTree::kNone : peer->second.last;
}

// A decoy's report has no addresses; its host is the socket's name.
void Speakers::on_socket(const Event& e, size_t process) {
  if (!e.path.ends_with(".sock")) return;
  last_socket_ = process;
  std::string name(base_name(e.path));
  if (sockets_.size() < kMaxPeers || sockets_.contains(name)) sockets_[name] = process;
}

size_t Speakers::of_socket(const Event& report) const {
  auto found = sockets_.find(report.name);
  return found == sockets_.end() ? last_socket_ : found->second;
}

}  // namespace assay
