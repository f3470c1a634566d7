// Root's part: sockets and steering.
#include "agent/world_sockets.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>

#include "agent/sinkhole/sockets.h"
#include "bpf/steer.skel.h"

namespace assay {
namespace {

constexpr uint16_t kDnsPort = 53;
constexpr int kBacklog = 4096;
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

}  // namespace assay
