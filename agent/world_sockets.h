// world_sockets: what every far side of a guest's network is made of: sockets in the world's namespace that
// take whatever the guest sends, and the steering that leads it to them.
#pragma once

#include <cstdint>
#include <memory>

#include "common/fd.h"
#include "common/result.h"

namespace assay {

Status set_socket_option(int fd, int level, int name, int value, const char* what);

/// In the network namespace of the calling thread, for any address: of both families, or of IPv4 alone where
/// the kernel has no other.
Result<Fd> bound_socket(int type, uint16_t port);

struct WorldSockets {
  Fd tcp;  // listening
  Fd udp;  // bound to port 53; tells what a datagram was sent to (IP_RECVORIGDSTADDR), and what was dropped
};
/// Likewise in the calling thread's namespace, which is to be the world's.
Status open_world_sockets(WorldSockets& sockets);

/// bpf/steer in a network namespace: every TCP connection and UDP datagram goes to these two sockets.
class Steering {
 public:
  static Result<Steering> attach(int net_ns, int tcp, int udp);
  Steering(Steering&&) noexcept;
  Steering& operator=(Steering&&) noexcept;
  ~Steering();
  uint64_t unsteered() const;  // packets that found no socket to go to

 private:
  struct State;
  explicit Steering(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
