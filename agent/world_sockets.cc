// Root's part: sockets, steering, and the start of an unprivileged child.
#include "agent/world_sockets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <filesystem>

#include "agent/sinkhole/sockets.h"
#include "bpf/steer.skel.h"

namespace assay {
namespace {

constexpr uid_t kNobody = 65534;
constexpr gid_t kNogroup = 65534;
constexpr uint16_t kDnsPort = 53;
constexpr int kBacklog = 4096;
constexpr int kReportBufferBytes = 8 << 20;
constexpr int kUdpBufferBytes = 8 << 20;
constexpr uint32_t kSlotTcp = 0, kSlotUdp = 1;  // as in steer.bpf.c

struct SteerDeleter {
  void operator()(steer_bpf* skeleton) const { steer_bpf__destroy(skeleton); }
};
struct LinkDeleter {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

Error steer_error(const char* what, int error) {
  return Error{Errc::unsupported, "steer: cannot " + std::string(what) + ": " +
                                      errno_error("BPF", error).what +
                                      "; the kernel must allow sk_lookup programs (5.9 or newer, CAP_BPF)"};
}

// Beside this program, wherever it was built or installed.
Result<Fd> open_beside(const std::string& name) {
  std::error_code error;
  auto path = std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / name;
  auto fd = open_file(path, O_RDONLY);
  if (!fd)
    return Error{Errc::not_found, "no " + name + " beside this program (looked for " + path.string() +
                                      "); build or install it there"};
  return fd;
}

}  // namespace

Status set_socket_option(int fd, int level, int name, int value, const char* what) {
  if (::setsockopt(fd, level, name, &value, sizeof value) != 0)
    return errno_error(std::string("set ") + what);
  return Status();
}

Result<Fd> bound_socket(int type, uint16_t port) {
  Fd fd(::socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_storage any{};
  if (fd) {
    ASSAY_CHECK(set_socket_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY"));
  } else {
    fd = Fd(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  }
  if (!fd) return errno_error("make the world's socket");
  int family = sinkhole::family_of(fd.get());
  sinkhole::Endpoint nowhere{family == AF_INET ? sinkhole::Address::v4(0) : sinkhole::Address(), port};
  socklen_t size = sinkhole::put_endpoint(nowhere, family, any);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&any), size) != 0)
    return errno_error("bind the world's socket");
  return fd;
}

Status open_world_sockets(WorldSockets& sockets) {
  ASSAY_TRY(sockets.tcp, bound_socket(SOCK_STREAM, 0));
  if (::listen(sockets.tcp.get(), kBacklog) != 0) return errno_error("listen");
  ASSAY_TRY(sockets.udp, bound_socket(SOCK_DGRAM, kDnsPort));
  int udp = sockets.udp.get();
  ASSAY_CHECK(set_socket_option(udp, IPPROTO_IP, IP_RECVORIGDSTADDR, 1, "IP_RECVORIGDSTADDR"));
  if (sinkhole::family_of(udp) == AF_INET6)
    ASSAY_CHECK(set_socket_option(udp, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1, "IPV6_RECVORIGDSTADDR"));
  ASSAY_CHECK(set_socket_option(udp, SOL_SOCKET, SO_RXQ_OVFL, 1, "SO_RXQ_OVFL"));
  return set_socket_option(udp, SOL_SOCKET, SO_RCVBUFFORCE, kUdpBufferBytes, "SO_RCVBUFFORCE");
}

struct Steering::State {
  std::unique_ptr<steer_bpf, SteerDeleter> program;
  std::unique_ptr<bpf_link, LinkDeleter> link;
};

Steering::Steering(std::unique_ptr<State> state) : state_(std::move(state)) {}
Steering::Steering(Steering&&) noexcept = default;
Steering& Steering::operator=(Steering&&) noexcept = default;
Steering::~Steering() = default;

Result<Steering> Steering::attach(int net_ns, int tcp, int udp) {
  libbpf_set_print(nullptr);  // what it would print is in our error
  auto state = std::make_unique<State>();
  state->program.reset(steer_bpf__open_and_load());
  if (!state->program) return steer_error("load the program", errno);
  for (auto [slot, fd] : {std::pair(kSlotTcp, tcp), std::pair(kSlotUdp, udp)}) {
    uint64_t value = static_cast<uint64_t>(fd);
    if (bpf_map__update_elem(state->program->maps.sockets, &slot, sizeof slot, &value, sizeof value,
                             BPF_ANY) != 0)
      return steer_error("hand over a socket", errno);
  }
  state->link.reset(bpf_program__attach_netns(state->program->progs.steer, net_ns));
  if (!state->link) return steer_error("attach to the network namespace", errno);
  return Steering(std::move(state));
}

uint64_t Steering::unsteered() const {
  uint64_t total = 0;
  for (uint32_t slot : {kSlotTcp, kSlotUdp}) {
    uint64_t count = 0;
    if (bpf_map__lookup_elem(state_->program->maps.unsteered, &slot, sizeof slot, &count, sizeof count, 0) ==
        0)
      total += count;
  }
  return total;
}

Result<Fd> memory_file(const char* name, const std::string& content) {
  Fd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) return errno_error("make a memory file");
  ASSAY_CHECK(write_all(fd.get(), content, "a memory file"));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return errno_error("seal a memory file");
  return fd;
}

Result<ReportChannel> make_report_channel() {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
    return errno_error("make the report channel");
  ReportChannel channel{Fd(pair[0]), Fd(pair[1])};
  ASSAY_CHECK(set_socket_option(channel.childs.get(), SOL_SOCKET, SO_SNDBUFFORCE, kReportBufferBytes,
                                "SO_SNDBUFFORCE"));
  return channel;
}

Result<Child> spawn_unprivileged(const std::string& name, Command command, int first_free_fd) {
  ASSAY_TRY(Fd program, open_beside(name));
  if (program.get() < first_free_fd) program = Fd(::fcntl(program.get(), F_DUPFD_CLOEXEC, first_free_fd));
  if (!program) return errno_error("duplicate a descriptor");
  command.argv.insert(command.argv.begin(), "/proc/self/fd/" + std::to_string(program.get()));
  command.keep_fds.push_back({program.get(), program.get()});
  command.env = std::vector<std::string>{};
  command.stderr_fd = STDERR_FILENO;
  command.drop_to = {kNobody, kNogroup};
  auto child = spawn(command);
  if (!child) return child.error().context("start " + name);
  return child;
}

}  // namespace assay
