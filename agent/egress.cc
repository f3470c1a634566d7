// Root's part: ranges, filter, sockets, child. Sessions and refusals become events.
#include "agent/egress.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "agent/child.h"
#include "agent/child_reports.h"
#include "agent/egress/config.h"
#include "agent/egress/report.h"
#include "agent/egress_filter.h"
#include "agent/egress_host.h"
#include "agent/trace/flow_tokens.h"
#include "agent/world_sockets.h"

namespace assay {
namespace {

using egress::Reason;
using std::chrono::milliseconds;

constexpr milliseconds kFinish{2000};
constexpr size_t kMaxNames = 20'000;
constexpr size_t kMaxResolvBytes = 64 * 1024;
constexpr uint32_t kMostConnections = 1024;
constexpr int kFirstFreeFd = 9;  // as in egress/main.cc

Result<Fd> raw_socket(int family) {
  Fd fd(::socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW));
  if (!fd) return errno_error("make a raw socket");
  return fd;
}

struct Sockets {
  WorldSockets any;
  Fd raw4, raw6;
};

Status open_sockets(Sockets& sockets, bool six) {
  ASSAY_CHECK(open_world_sockets(sockets.any));
  ASSAY_TRY(sockets.raw4, raw_socket(AF_INET));
  if (six) {
    ASSAY_TRY(sockets.raw6, raw_socket(AF_INET6));
  }
  return Status();
}

Result<std::vector<egress::Endpoint>> resolvers(const EgressLimits& limits) {
  std::vector<egress::Endpoint> out;
  for (const std::string& text : limits.dns) {
    ASSAY_TRY(egress::Endpoint server, parse_name_server(text));
    if (out.size() < egress::kMaxResolvers) out.push_back(server);
  }
  if (!limits.dns.empty()) return out;
  ASSAY_TRY(std::string text, read_file("/etc/resolv.conf", kMaxResolvBytes));
  return name_servers(text);
}

Result<egress::Policy> make_policy(const Network& network, const EgressLimits& limits) {
  std::vector<egress::Range> ranges = egress::standard_ranges();
  ASSAY_TRY(auto own, own_ranges());
  ASSAY_TRY(auto scheduler, endpoint_ranges(limits.scheduler));
  ranges.insert(ranges.end(), own.begin(), own.end());
  ranges.insert(ranges.end(), scheduler.begin(), scheduler.end());
  for (const std::string& text : limits.refuse) {
    ASSAY_TRY(egress::Range range, egress::parse_range(text, Reason::farm));
    ranges.push_back(range);
  }
  std::vector<egress::Address> gateways;
  for (const std::string& text : {network.world_addr(), network.world_addr6()})
    if (auto address = egress::parse_address(text)) gateways.push_back(*address);
  return egress::Policy(std::move(ranges), std::move(gateways));
}

// The filter counts headers and repeats, too: it is what holds if the forwarder does not.
uint64_t hard_limit(uint64_t bytes) { return bytes + bytes / 4 + (4ull << 20); }

Event event_of(const egress::Report& report, int64_t start_time_ns) {
  Event event;
  bool refused = report.kind == egress::ReportKind::refused;
  event.kind = refused ? EventKind::refused : EventKind::session;
  event.time_ns = report.time_ns - start_time_ns;
  event.plane = Plane::host;
  event.source = Source::egress;
  event.proto = report.transport == egress::Transport::udp ? "udp" : "tcp";
  event.src_addr = report.guest.addr.text();
  event.src_port = report.guest.port;
  event.dst_addr = report.peer.addr.text();
  event.dst_port = report.peer.port;
  event.call = refused ? to_string(report.reason) : to_string(report.ending);
  event.bytes_out = report.bytes_out;
  event.bytes_in = report.bytes_in;
  event.duration_ns = report.duration_ns;
  return event;
}

}  // namespace

Status check_egress(const EgressLimits& limits) {
  if (limits.caps.bytes == 0 || limits.caps.bytes_per_second == 0 || limits.caps.connections == 0 ||
      limits.caps.new_per_second == 0)
    return Error{Errc::invalid, "egress: a cap of 0 lets nothing out; leave egress off instead"};
  if (limits.caps.connections > kMostConnections)
    return Error{Errc::invalid, "egress-connections is at most " + std::to_string(kMostConnections)};
  for (const std::string& text : limits.refuse)
    if (auto range = egress::parse_range(text, Reason::farm); !range) return range.error();
  for (const std::string& text : limits.dns)
    if (auto server = parse_name_server(text); !server) return server.error();
  return Status();
}

struct Egress::State {
  State(const Network& network, const lure::Lures& lures, int64_t start)
      : start_time_ns(start),
        tokens(lures.tokens, {network.guest_addr(), network.guest_addr6()}, FlowTokens::Of::everything) {}

  int64_t start_time_ns;
  FlowTokens tokens;
  egress::CapLimits caps;
  std::optional<EgressFilter> filter;
  std::optional<Steering> steering;
  Fd raw4, raw6;
  Child child;
  std::optional<ChildReports> reports;
  egress::Report totals;
  uint64_t malformed = 0, refusals = 0;
  std::unordered_map<std::string, std::string> names;  // by address

  void take_one(std::string_view bytes, std::vector<Event>& events) {
    auto report = egress::decode_report(bytes);
    if (!report) {
      ++malformed;
      return;
    }
    totals.seen = std::max(totals.seen, report->seen);
    totals.lost = std::max(totals.lost, report->lost);
    if (report->kind != egress::ReportKind::counters) {
      events.push_back(event_of(*report, start_time_ns));
      return;
    }
    uint64_t seen = totals.seen, lost = totals.lost;
    totals = *report;
    totals.seen = seen;
    totals.lost = lost;
  }
  // Whether it arrives is not known: the guest would wait longer without it.
  void send_reset(const EgressFilter::Refusal& refusal) const {
    auto guest = egress::parse_address(refusal.event.src_addr);
    if (!guest) return;
    int family = guest->is_v4() ? AF_INET : AF_INET6;
    sockaddr_storage to;
    socklen_t size = sinkhole::put_endpoint({*guest, 0}, family, to);
    (void)::sendto(guest->is_v4() ? raw4.get() : raw6.get(), refusal.reset.data(), refusal.reset.size(),
                   MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&to), size);
  }
  std::vector<Event> take() {
    std::vector<Event> events;
    for (EgressFilter::Refusal& refusal : filter->take(start_time_ns)) {
      ++refusals;
      if (!refusal.reset.empty()) send_reset(refusal);
      events.push_back(std::move(refusal.event));
    }
    reports->take(egress::kReportBytes, [&](std::string_view bytes) { take_one(bytes, events); });
    return events;
  }
};

Result<Egress> Egress::start(const Network& network, const lure::Lures& lures, const EgressLimits& limits,
                             int64_t start_time_ns) {
  ASSAY_CHECK(check_egress(limits));
  auto state = std::make_unique<State>(network, lures, start_time_ns);
  state->caps = limits.caps;
  egress::ForwarderConfig config;
  ASSAY_TRY(config.policy, make_policy(network, limits));
  ASSAY_TRY(config.resolvers, resolvers(limits));
  config.caps = limits.caps;
  ASSAY_TRY(state->filter, EgressFilter::open(network.world_ns(), network.world_ifindex(), config.policy,
                                              hard_limit(limits.caps.bytes)));
  Sockets sockets;
  bool six = !network.guest_addr6().empty();
  ASSAY_CHECK(in_net_ns(network.world_ns(), [&] { return open_sockets(sockets, six); }));
  ASSAY_TRY(state->steering,
            Steering::attach(network.world_ns(), sockets.any.tcp.get(), sockets.any.udp.get()));
  Fd childs_reports;
  ASSAY_TRY(state->reports, ChildReports::open(childs_reports));
  ASSAY_TRY(Fd script, sealed_file("assay-egress", encode_config(config)));
  Command command;
  command.keep_fds = {{sockets.any.tcp.get(), 3},
                      {sockets.any.udp.get(), 4},
                      {childs_reports.get(), 5},
                      {script.get(), 6},
                      {sockets.raw4.get(), 7}};
  if (six) command.keep_fds.push_back({sockets.raw6.get(), 8});
  ASSAY_TRY(state->child, spawn_unprivileged("assay-egress", std::move(command), kFirstFreeFd));
  state->raw4 = std::move(sockets.raw4);
  state->raw6 = std::move(sockets.raw6);
  return Egress(std::move(state));
}

Egress::Egress(std::unique_ptr<State> state) : state_(std::move(state)) {}
Egress::Egress(Egress&&) noexcept = default;
Egress& Egress::operator=(Egress&&) noexcept = default;
Egress::~Egress() = default;

int Egress::fd() const { return state_->reports->fd(); }

std::vector<Event> Egress::take() { return state_->take(); }

std::vector<Event> Egress::finish() {
  std::vector<Event> events;
  state_->reports->finish(kFinish, [&] {
    for (Event& event : take()) events.push_back(std::move(event));
  });
  return events;
}

// The first name stays, as in reports: a later one may be a lie to hide it.
void Egress::name(Event& event) {
  if (event.kind == EventKind::dns)
    for (const std::string& answer : event.answers)
      if (state_->names.size() < kMaxNames) state_->names.emplace(answer, event.name);
  if (event.source != Source::egress) return;
  auto known = state_->names.find(event.dst_addr);
  if (known != state_->names.end()) event.name = known->second;
}

std::vector<Event> Egress::tokens_in(const std::vector<Event>& events) {
  std::vector<Event> out;
  for (const Event& event : events)
    for (Event& token : state_->tokens.look(event)) out.push_back(std::move(token));
  return out;
}

SourceCount Egress::count() const {
  const State& s = *state_;
  SourceCount out{Source::egress, s.refusals + s.totals.seen, 0, "", true, !s.reports->died()};
  out.lost = s.totals.lost + s.malformed + s.filter->lost() + s.steering->unsteered();
  if (s.reports->died()) out.detail = "the forwarder ended early";
  auto packets = s.filter->packets();
  std::string refused;
  for (size_t i = 0; i < packets.size(); ++i)
    if (packets[i] > 0)
      refused += (refused.empty() ? "" : ", ") + std::to_string(packets[i]) + " " +
                 egress::to_string(static_cast<Reason>(i));
  if (!refused.empty()) out.detail += (out.detail.empty() ? "" : "; ") + ("packets refused: " + refused);
  return out;
}

std::vector<LimitHit> Egress::limits() const {
  const State& s = *state_;
  std::vector<LimitHit> out;
  uint64_t bytes = s.totals.bytes_refused + s.filter->packets()[static_cast<size_t>(Reason::bytes)];
  if (bytes > 0)
    out.push_back({"bytes",
                   "to and from the real network: " + std::to_string(s.caps.bytes) +
                       "; connections were cut, further ones and packets refused",
                   bytes});
  if (s.totals.rate_held > 0)
    out.push_back({"rate",
                   "to or from the real network: " + std::to_string(s.caps.bytes_per_second) +
                       " bytes a second each way; connections were slowed down, datagrams dropped",
                   s.totals.rate_held});
  if (s.totals.connections_refused > 0)
    out.push_back({"connections",
                   "to the real network: " + std::to_string(s.caps.connections) + " at once, " +
                       std::to_string(s.caps.new_per_second) +
                       " new ones a second; further ones were refused",
                   s.totals.connections_refused});
  return out;
}

}  // namespace assay
