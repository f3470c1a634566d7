// Peers, names and listening ports, event by event.
#include "scheduler/score/network_map.h"

#include <algorithm>

#include "common/addresses.h"
#include "common/text.h"
#include "scheduler/score/process_tree.h"

namespace assay {
namespace {

// The world's own end of the guest's link (agent/network.cc).
constexpr const char* kGateway = "172.17.0.1";
constexpr const char* kGateway6 = "fd00:172:17::1";

// "192.0.2.1", "192.0.2.1:80", "::1", "[::1]:80": what clients put into Host when they were given no name.
bool is_address(std::string name) {
  if (name.starts_with("[")) name = name.substr(1, name.find(']') - 1);
  return IpAddress::parse(name) || IpAddress::parse(name.substr(0, name.find(':')));
}

}  // namespace

bool NetworkMap::outbound(const Event& event) const {
  return event.dst_addr.empty() || (event.dst_addr != guest_addr_ && event.dst_addr != guest_addr6_);
}

bool NetworkMap::from_outside(const std::string& src_addr) const {
  if (src_addr.find(':') != std::string::npos) return src_addr == kGateway6;
  return !guest_addr_.empty() && is_remote(src_addr) && src_addr != guest_addr_;
}

bool NetworkMap::is_probe(const Event& e) const {
  switch (e.kind) {
    case EventKind::accept:
      return e.dst_addr == kGateway || e.dst_addr == kGateway6;
    case EventKind::flow_start:
    case EventKind::flow_end:
    case EventKind::payload:
    case EventKind::tls:
    case EventKind::http:
      return probes_.contains({e.proto, e.src_addr, e.src_port}) ||
             probes_.contains({e.proto, e.dst_addr, e.dst_port});
    default:
      return false;
  }
}

const std::string& NetworkMap::name_of(const std::string& addr) const {
  static const std::string kNone;
  auto found = addresses_.find(addr);
  return found == addresses_.end() ? kNone : found->second;
}

NetworkPeer* NetworkMap::peer(const Event& event, const std::string& proto, const std::string& addr,
                              uint32_t port) {
  auto key = std::make_tuple(proto, addr, port);
  auto found = index_.find(key);
  if (found != index_.end()) {
    NetworkPeer& known = peers_[found->second];
    if (known.pid == 0) known.pid = behind_(event);  // the packet was seen before the call that sent it
    return &known;
  }
  if (peers_.size() >= kMaxPeers) {
    ++left_out_;
    return nullptr;
  }
  index_[key] = peers_.size();
  NetworkPeer fresh;
  fresh.proto = proto;
  fresh.addr = addr;
  fresh.port = port;
  fresh.first_ns = event.time_ns;
  fresh.pid = behind_(event);
  peers_.push_back(std::move(fresh));
  return &peers_.back();
}

// The first name stays: a later SNI or Host for the same address may be a lie to hide it. An address is no
// name.
void NetworkMap::call(const std::string& addr, const std::string& name) {
  if (addr.empty() || name.empty() || is_address(name) || addresses_.size() >= kMaxAddresses) return;
  addresses_.emplace(addr, printable(name, 255));
}

std::vector<std::string> NetworkMap::names() const {
  std::vector<std::string> out;
  for (const auto& [name, first] : names_)
    if (!made_up_.contains(name)) out.push_back(name);
  return out;
}

template <class T>
std::vector<T> NetworkMap::of_names(T First::*member) const {
  std::vector<T> out;
  for (const auto& [name, first] : names_)
    if (!made_up_.contains(name)) out.push_back(first.*member);
  return out;
}

std::vector<int64_t> NetworkMap::names_first_ns() const { return of_names(&First::time_ns); }
std::vector<int32_t> NetworkMap::names_pids() const { return of_names(&First::pid); }

void NetworkMap::remember(const Event& event) {
  if (event.name.empty()) return;
  std::string shown = printable(event.name, 255);
  if (known_names_.contains(shown)) return;
  if (names_.size() >= kMaxNames) {
    ++left_out_;  // each time: what was asked for before is not known of it
    return;
  }
  known_names_.insert(shown);
  names_.emplace_back(std::move(shown), First{event.time_ns, behind_(event)});
}

void NetworkMap::add(const Event& event) {
  // Datagrams that answer the guest may begin a flow, too, where the question was lost.
  if (event.kind == EventKind::flow_start && event.proto == "tcp" && from_outside(event.src_addr) &&
      probes_.size() < kMaxProbes)
    probes_.emplace(event.proto, event.src_addr, event.src_port);
  if (is_probe(event)) return;
  if (event.source == Source::sinkhole) on_answered(event);
  // Search domains of a persona's resolv.conf, in which nothing has this name.
  if (event.kind == EventKind::dns && event.result == 3 && made_up_.size() < kMaxNames)
    for (const char* domain : {".cluster.local", ".compute.internal", ".ec2.internal"})
      if (event.name.ends_with(domain)) made_up_.insert(printable(event.name, 255));
  switch (event.kind) {
    case EventKind::flow_start:
    case EventKind::flow_end:
    case EventKind::payload:
    case EventKind::connect:
      return on_flow(event);
    case EventKind::dns:
    case EventKind::tls:
    case EventKind::http:
    case EventKind::session:
      return on_name(event);
    case EventKind::bind:
    case EventKind::listen:
      return on_listen(event);
    default:
      return;
  }
}

void NetworkMap::on_flow(const Event& e) {
  if (e.kind == EventKind::connect) {  // also what never became a packet
    if (e.proto == "tcp" && is_remote(e.dst_addr) && e.dst_port != 0)
      peer(e, e.proto, e.dst_addr, e.dst_port);
    return;
  }
  if (!outbound(e)) return;
  NetworkPeer* to = peer(e, e.proto, e.dst_addr, e.dst_port);
  if (to == nullptr) return;
  if (e.kind == EventKind::flow_start) ++to->flows;
  if (e.kind == EventKind::flow_end) {
    to->bytes_out += e.bytes_out;
    to->bytes_in += e.bytes_in;
  }
  if (e.kind == EventKind::payload && to->first_data.empty())
    to->first_data = printable(e.data, kFirstDataBytes);
}

// What the sinkhole understood of a conversation says more than its first bytes on the wire, which may be
// encrypted.
void NetworkMap::on_answered(const Event& e) {
  if ((e.kind != EventKind::session && e.kind != EventKind::http) || e.app.empty()) return;
  // A decoy's socket has no address but a name.
  NetworkPeer* to =
      e.dst_addr.empty() ? peer(e, "unix", e.name, 0) : peer(e, e.proto, e.dst_addr, e.dst_port);
  if (to == nullptr) return;
  bool first = to->app.empty();
  std::string app = printable(e.app, 20);
  if (to->app.size() < 80 && (", " + to->app + ", ").find(", " + app + ", ") == std::string::npos)
    to->app += (first ? "" : ", ") + app;
  if (e.kind == EventKind::http) add_request(*to, e);
  bool says_more = first || to->first_data.empty() || to->first_data.starts_with("\\x16\\x03");
  if (e.kind == EventKind::session && !e.data.empty() && says_more)
    to->first_data = printable(e.data, kFirstDataBytes);
}

void NetworkMap::add_request(NetworkPeer& to, const Event& e) {
  if (to.requests.size() >= kMaxRequests) {
    ++to.requests_left_out;
    return;
  }
  to.requests.push_back(
      {printable(e.call, 20), printable(e.path, kMaxTargetBytes), printable(e.data, kMaxBodyBytes)});
}

void NetworkMap::on_name(const Event& e) {
  if (e.kind == EventKind::dns) {
    remember(e);
    for (const auto& answer : e.answers) call(answer, e.name);
  } else if (outbound(e)) {
    call(e.dst_addr, e.name);
  }
}

void NetworkMap::on_listen(const Event& e) {
  if (e.error != 0 || bound_.size() > 4096) return;
  auto key = std::make_pair(e.pid, e.fd);
  if (e.kind == EventKind::bind) {
    if (e.proto == "unix" || e.src_port == 0) return;
    bound_[key] = {e.proto, e.src_port};
    if (e.proto != "udp") return;
  }
  auto found = bound_.find(key);
  if (found != bound_.end() && listening_.size() < kMaxListening)
    listening_.try_emplace(found->second, First{e.time_ns, e.pid});
}

std::vector<NetworkPeer> NetworkMap::peers() const {
  std::vector<NetworkPeer> out = peers_;
  for (auto& peer : out) peer.name = name_of(peer.addr);
  return out;
}

std::vector<std::string> NetworkMap::listening() const {
  std::vector<std::string> out;
  for (const auto& [port, first] : listening_)
    out.push_back((port.first.empty() ? "tcp" : port.first) + "/" + std::to_string(port.second));
  return out;
}

std::vector<int32_t> NetworkMap::listening_pids() const {
  std::vector<int32_t> out;
  for (const auto& [port, first] : listening_) out.push_back(first.pid);
  return out;
}

std::vector<int64_t> NetworkMap::listening_first_ns() const {
  std::vector<int64_t> out;
  for (const auto& [port, first] : listening_) out.push_back(first.time_ns);
  return out;
}

}  // namespace assay
