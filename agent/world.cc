// Root's part of the simulated internet: it makes the sockets, steers everything to them, and starts the
// child that speaks.
#include "agent/world.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/sinkhole/report.h"
#include "agent/sinkhole/server.h"
#include "agent/sinkhole/sockets.h"
#include "agent/trace/flow_tokens.h"
#include "agent/world_events.h"
#include "bpf/steer.skel.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr uid_t kNobody = 65534;
constexpr gid_t kNogroup = 65534;
constexpr uint16_t kDnsPort = 53, kNtpPort = 123;
constexpr int kFirstDecoyFd = 8;  // as in sinkhole/main.cc
constexpr int kBacklog = 4096;
constexpr int kReportBufferBytes = 8 << 20;
constexpr int kUdpBufferBytes = 8 << 20;
constexpr size_t kMaxTake = 16'384;
constexpr milliseconds kFinish{5000};
constexpr uint32_t kSlotTcp = 0, kSlotUdp = 1;  // as in steer.bpf.c

struct SteerDeleter {
  void operator()(steer_bpf* skeleton) const { steer_bpf__destroy(skeleton); }
};
struct LinkDeleter {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Steer = std::unique_ptr<steer_bpf, SteerDeleter>;
using Link = std::unique_ptr<bpf_link, LinkDeleter>;

Status set_option(int fd, int level, int name, int value, const char* what) {
  if (::setsockopt(fd, level, name, &value, sizeof value) != 0)
    return errno_error(std::string("set ") + what);
  return Status();
}

// Of both families, or of IPv4 alone where the kernel has no other. Any address; descriptors above those that
// the child will find them at.
Result<Fd> bound_socket(int type, uint16_t port) {
  Fd fd(::socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_storage any{};
  if (fd) {
    ASSAY_CHECK(set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY"));
  } else {
    fd = Fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  if (!fd) return errno_error("make the sinkhole's socket");
  int family = sinkhole::family_of(fd.get());
  sinkhole::Endpoint nowhere{family == AF_INET ? sinkhole::Address::v4(0) : sinkhole::Address(), port};
  socklen_t size = sinkhole::put_endpoint(nowhere, family, any);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&any), size) != 0)
    return errno_error("bind the sinkhole's socket");
  return fd;
}

struct Sockets {
  Fd tcp, udp, ntp;
};

Status open_sockets(Sockets& sockets) {
  ASSAY_TRY(sockets.tcp, bound_socket(SOCK_STREAM, 0));
  if (::listen(sockets.tcp.get(), kBacklog) != 0) return errno_error("listen");
  ASSAY_TRY(sockets.udp, bound_socket(SOCK_DGRAM, kDnsPort));
  int udp = sockets.udp.get();
  ASSAY_CHECK(set_option(udp, IPPROTO_IP, IP_RECVORIGDSTADDR, 1, "IP_RECVORIGDSTADDR"));
  if (sinkhole::family_of(udp) == AF_INET6)
    ASSAY_CHECK(set_option(udp, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1, "IPV6_RECVORIGDSTADDR"));
  ASSAY_CHECK(set_option(udp, SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL"));
  ASSAY_CHECK(set_option(udp, SOL_SOCKET, SO_RCVBUFFORCE, kUdpBufferBytes, "SO_RCVBUFFORCE"));
  ASSAY_TRY(sockets.ntp, bound_socket(SOCK_DGRAM, kNtpPort));
  return set_option(sockets.ntp.get(), SOL_SOCKET, SO_RCVBUF, 0, "SO_RCVBUF");  // it only sends
}

Error bpf_error(const char* what, int error) {
  return Error{Errc::unsupported, "steer: cannot " + std::string(what) + ": " +
                                      errno_error("BPF", error).what +
                                      "; the kernel must allow sk_lookup programs (5.9 or newer, CAP_BPF)"};
}

Result<Steer> load_steer(int tcp, int udp) {
  libbpf_set_print(nullptr);  // what it would print is in our error
  Steer steer(steer_bpf__open_and_load());
  if (!steer) return bpf_error("load the program", errno);
  for (auto [slot, fd] : {std::pair(kSlotTcp, tcp), std::pair(kSlotUdp, udp)}) {
    uint64_t value = static_cast<uint64_t>(fd);
    if (bpf_map__update_elem(steer->maps.sockets, &slot, sizeof slot, &value, sizeof value, BPF_ANY) != 0)
      return bpf_error("hand over a socket", errno);
  }
  return steer;
}

// Beside this program, wherever it was built or installed.
Result<Fd> open_sinkhole() {
  std::error_code error;
  auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  auto path = self.parent_path() / "assay-sinkhole";
  auto fd = open_file(path, O_RDONLY);
  if (!fd)
    return Error{Errc::not_found, "no assay-sinkhole beside this program (looked for " + path.string() +
                                      "); build or install it there"};
  return fd;
}

// Sealed, and read from its beginning.
Result<Fd> memory_file(const char* name, const std::string& content) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return errno_error("make a memory file");
  ASSAY_CHECK(write_all(fd.get(), content, "a memory file"));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return errno_error("seal a memory file");
  return fd;
}

// With `command.keep_fds`, and behind them the decoys' sockets. By descriptor: nobody may not be allowed to
// walk to where we are installed.
Result<Child> start_sinkhole(Command command, const std::vector<DecoySocket>& decoys, int net_ns) {
  ASSAY_TRY(Fd program, open_sinkhole());
  int above = kFirstDecoyFd + static_cast<int>(decoys.size());
  if (program.get() < above) program = Fd(::fcntl(program.get(), F_DUPFD_CLOEXEC, above));
  if (!program) return errno_error("duplicate a descriptor");
  command.argv = {"/proc/self/fd/" + std::to_string(program.get())};
  for (const DecoySocket& decoy : decoys) {
    command.argv.push_back(decoy.name);
    command.keep_fds.push_back(
        {decoy.listener.get(), kFirstDecoyFd + static_cast<int>(command.argv.size()) - 2});
  }
  command.keep_fds.push_back({program.get(), program.get()});
  command.env = std::vector<std::string>{};
  command.stderr_fd = STDERR_FILENO;
  command.net_ns_fd = net_ns;
  command.drop_to = {kNobody, kNogroup};
  auto child = spawn(command);
  if (!child) return child.error().context("start assay-sinkhole");
  return child;
}

}  // namespace

struct World::State {
  State(const Network& network, const lure::Lures& lures, int64_t start)
      : start_time_ns(start), pings(lures.tokens, {network.guest_addr(), network.guest_addr6()}) {}

  int64_t start_time_ns;
  FlowTokens pings;
  Steer steer;
  Link link;
  Child child;
  Fd reports;
  uint64_t seen = 0, told_lost = 0, malformed = 0;
  Limits limits;
  bool hung_up = false, finishing = false, died = false;

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
    std::array<char, sinkhole::kMaxReportBytes> buffer;
    for (size_t i = 0; i < kMaxTake && !hung_up; ++i) {
      ssize_t n = ::recv(reports.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | MSG_TRUNC);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) break;
      if (n <= 0) {
        hung_up = true;
        died = !finishing;
      } else {
        take_one(std::string_view(buffer.data(), std::min(static_cast<size_t>(n), buffer.size())), events);
      }
    }
    return events;
  }
  uint64_t unsteered() const {
    uint64_t total = 0;
    for (uint32_t slot : {kSlotTcp, kSlotUdp}) {
      uint64_t count = 0;
      if (bpf_map__lookup_elem(steer->maps.unsteered, &slot, sizeof slot, &count, sizeof count, 0) == 0)
        total += count;
    }
    return total;
  }
};

Result<World> World::start(const Network& network, const lure::Lures& lures,
                           const std::vector<DecoySocket>& decoys, int64_t start_time_ns,
                           std::vector<int> cgroup_procs_fds) {
  if (decoys.size() > sinkhole::Server::kMaxDecoys) return Error{Errc::limit, "too many decoy sockets"};
  auto state = std::make_unique<State>(network, lures, start_time_ns);
  Sockets sockets;
  ASSAY_CHECK(in_net_ns(network.world_ns(), [&] { return open_sockets(sockets); }));
  ASSAY_TRY(state->steer, load_steer(sockets.tcp.get(), sockets.udp.get()));
  state->link.reset(bpf_program__attach_netns(state->steer->progs.steer, network.world_ns()));
  if (!state->link) return bpf_error("attach to the network namespace", errno);

  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return errno_error("make the report channel");
  state->reports = Fd(pair[0]);
  Fd childs(pair[1]);
  ASSAY_CHECK(set_option(childs.get(), SOL_SOCKET, SO_SNDBUFFORCE, kReportBufferBytes, "SO_SNDBUFFORCE"));

  ASSAY_TRY(Fd script, memory_file("assay-lures", lure::encode_lures(lures)));
  Command command;
  command.cgroup_procs_fds = std::move(cgroup_procs_fds);
  command.keep_fds = {{sockets.tcp.get(), 3},
                      {sockets.udp.get(), 4},
                      {childs.get(), 5},
                      {script.get(), 6},
                      {sockets.ntp.get(), 7}};
  ASSAY_TRY(state->child, start_sinkhole(std::move(command), decoys, network.world_ns()));
  return World(std::move(state));
}

World::World(std::unique_ptr<State> state) : state_(std::move(state)) {}
World::World(World&&) noexcept = default;
World& World::operator=(World&&) noexcept = default;
World::~World() = default;

int World::fd() const { return state_->hung_up ? -1 : state_->reports.get(); }

std::vector<Event> World::take() { return state_->take(); }

std::vector<Event> World::finish() {
  std::vector<Event> events = take();  // first, so that an earlier death shows as one
  state_->finishing = true;
  ::shutdown(state_->reports.get(), SHUT_WR);
  auto deadline = steady_clock::now() + kFinish;
  while (!state_->hung_up) {
    auto left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) break;
    pollfd more{state_->reports.get(), POLLIN, 0};
    ::poll(&more, 1, static_cast<int>(left));
    for (Event& event : take()) events.push_back(std::move(event));
  }
  if (!state_->hung_up) state_->died = true;  // it did not come to its last words
  return events;
}

std::vector<Event> World::tokens_in(const std::vector<Event>& events) {
  std::vector<Event> out;
  for (const Event& event : events)
    for (Event& token : state_->pings.look(event)) out.push_back(std::move(token));
  return out;
}

uint64_t World::seen() const { return state_->seen; }
uint64_t World::lost() const { return state_->told_lost + state_->malformed + state_->unsteered(); }
World::Limits World::limits() const { return state_->limits; }
bool World::running() const { return !state_->died; }

}  // namespace assay
