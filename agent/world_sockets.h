// world_sockets: what every far side of a guest's network is made of: sockets in the world's namespace that
// take whatever the guest sends, the steering that leads it to them, and what a child that answers is handed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/fd.h"
#include "common/process.h"
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

/// Sealed, and read from its beginning.
Result<Fd> memory_file(const char* name, const std::string& content);

/// One end of a channel of reports (SOCK_SEQPACKET) each, the child's with a large buffer.
struct ReportChannel {
  Fd ours, childs;
};
Result<ReportChannel> make_report_channel();

/// Starts the program `name`, which stands beside this one, as nobody, without environment, with stderr, and
/// `command`'s arguments, descriptors and namespace. By descriptor: nobody may not be allowed to walk to
/// where we are installed. `first_free_fd`: above all that `command.keep_fds` names for the child.
Result<Child> spawn_unprivileged(const std::string& name, Command command, int first_free_fd);

}  // namespace assay
