// Root's part of the simulated internet: it makes the sockets, steers everything to them, and starts the
// child that speaks.
#include "agent/world.h"

#include <sys/socket.h>

#include <algorithm>
#include <optional>

#include "agent/child.h"
#include "agent/child_reports.h"
#include "agent/sinkhole/report.h"
#include "agent/sinkhole/server.h"
#include "agent/trace/flow_tokens.h"
#include "agent/world_events.h"
#include "agent/world_sockets.h"

namespace assay {
namespace {

using std::chrono::milliseconds;

constexpr uint16_t kNtpPort = 123;
constexpr int kFirstDecoyFd = 8;  // as in sinkhole/main.cc
constexpr milliseconds kFinish{5000};

struct Sockets {
  WorldSockets any;
  Fd ntp;
};

Status open_sockets(Sockets& sockets) {
  ASSAY_CHECK(open_world_sockets(sockets.any));
  ASSAY_TRY(sockets.ntp, bound_socket(SOCK_DGRAM, kNtpPort));
  return set_socket_option(sockets.ntp.get(), SOL_SOCKET, SO_RCVBUF, 0, "SO_RCVBUF");  // it only sends
}

// With `command.keep_fds`, and behind them the decoys' sockets.
Result<Child> start_sinkhole(Command command, const std::vector<DecoySocket>& decoys, int net_ns) {
  int next = kFirstDecoyFd;
  for (const DecoySocket& decoy : decoys) {
    command.argv.push_back(decoy.name);
    command.keep_fds.push_back({decoy.listener.get(), next++});
  }
  command.net_ns_fd = net_ns;
  return spawn_unprivileged("assay-sinkhole", std::move(command), next);
}

}  // namespace

struct World::State {
  State(const Network& network, const lure::Lures& lures, int64_t start)
      : start_time_ns(start), pings(lures.tokens, {network.guest_addr(), network.guest_addr6()}) {}

  int64_t start_time_ns;
  FlowTokens pings;
  std::optional<Steering> steering;
  Child child;
  std::optional<ChildReports> reports;
  uint64_t seen = 0, told_lost = 0, malformed = 0;
  Limits limits;

  void take_one(std::string_view bytes, std::vector<Event>& events) {
    auto report = sinkhole::decode_report(bytes);
    if (!report) {
      ++malformed;
      return;
    }
    seen = std::max(seen, report->seen);
    told_lost = std::max(told_lost, report->lost);
    limits.reports_dropped = std::max(limits.reports_dropped, report->dropped);
    limits.connections_pushed_out = std::max(limits.connections_pushed_out, report->pushed_out);
    limits.connections_cut = std::max(limits.connections_cut, report->cut);
    if (report->kind != sinkhole::ReportKind::counters)
      events.push_back(event_of(std::move(*report), start_time_ns));
  }
  std::vector<Event> take() {
    std::vector<Event> events;
    reports->take(sinkhole::kMaxReportBytes, [&](std::string_view bytes) { take_one(bytes, events); });
    return events;
  }
};

Result<World> World::start(const Network& network, const lure::Lures& lures,
                           const std::vector<DecoySocket>& decoys, int64_t start_time_ns,
                           std::vector<int> cgroup_procs_fds) {
  if (decoys.size() > sinkhole::Server::kMaxDecoys) return Error{Errc::limit, "too many decoy sockets"};
  auto state = std::make_unique<State>(network, lures, start_time_ns);
  Sockets sockets;
  ASSAY_CHECK(in_net_ns(network.world_ns(), [&] { return open_sockets(sockets); }));
  ASSAY_TRY(state->steering,
            Steering::attach(network.world_ns(), sockets.any.tcp.get(), sockets.any.udp.get()));
  Fd childs_reports;
  ASSAY_TRY(state->reports, ChildReports::open(childs_reports));
  ASSAY_TRY(Fd script, sealed_file("assay-lures", lure::encode_lures(lures)));
  Command command;
  command.cgroup_procs_fds = std::move(cgroup_procs_fds);
  command.keep_fds = {{sockets.any.tcp.get(), 3},
                      {sockets.any.udp.get(), 4},
                      {childs_reports.get(), 5},
                      {script.get(), 6},
                      {sockets.ntp.get(), 7}};
  ASSAY_TRY(state->child, start_sinkhole(std::move(command), decoys, network.world_ns()));
  return World(std::move(state));
}

World::World(std::unique_ptr<State> state) : state_(std::move(state)) {}
World::World(World&&) noexcept = default;
World& World::operator=(World&&) noexcept = default;
World::~World() = default;

int World::fd() const { return state_->reports->fd(); }

std::vector<Event> World::take() { return state_->take(); }

std::vector<Event> World::finish() {
  std::vector<Event> events;
  state_->reports->finish(kFinish, [&] {
    for (Event& event : take()) events.push_back(std::move(event));
  });
  return events;
}

std::vector<Event> World::tokens_in(const std::vector<Event>& events) {
  std::vector<Event> out;
  for (const Event& event : events)
    for (Event& token : state_->pings.look(event)) out.push_back(std::move(token));
  return out;
}

uint64_t World::seen() const { return state_->seen; }
uint64_t World::lost() const { return state_->told_lost + state_->malformed + state_->steering->unsteered(); }
World::Limits World::limits() const { return state_->limits; }
bool World::running() const { return !state_->reports->died(); }

}  // namespace assay
