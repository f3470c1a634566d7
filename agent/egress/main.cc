// assay-egress: one scan's way out to the real network. Started by the agent in the agent's own network
// namespace, as nobody, with the world's sockets as descriptors 3 (TCP listener), 4 (UDP), 7 and 8 (raw, of
// IPv4 and IPv6), 5 is for reports and 6 a file with its configuration. Opens nothing by itself but
// connections.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "agent/confine/confine.h"
#include "agent/egress/forwarder.h"
#include "agent/egress/seccomp.h"

namespace {

constexpr int kConfigFd = 6;
constexpr rlim_t kMemoryBytes = 512ull << 20;
constexpr rlim_t kSpareFds = 32;

bool is_socket(int fd, int type) {
  int is = 0;
  socklen_t size = sizeof is;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &is, &size) == 0 && is == type;
}

// A connection takes two descriptors, a conversation over UDP one.
bool set_limits(const assay::egress::CapLimits& caps) {
  rlim_t files = 3 * rlim_t{caps.connections} + kSpareFds;
  rlimit have{};
  bool limited = assay::lower_limit(RLIMIT_NPROC, 0) && assay::lower_limit(RLIMIT_FSIZE, 0) &&
                 assay::lower_limit(RLIMIT_CORE, 0) && assay::lower_limit(RLIMIT_NOFILE, files) &&
                 ::getrlimit(RLIMIT_NOFILE, &have) == 0 && have.rlim_cur >= files;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limited = limited && assay::lower_limit(RLIMIT_AS, kMemoryBytes);
#endif
  return limited;
}

assay::Result<assay::egress::ForwarderConfig> read_config() {
  ASSAY_TRY(std::string text, assay::read_fd(kConfigFd, assay::egress::kMaxConfigBytes, "the configuration"));
  return assay::egress::decode_config(text);
}

}  // namespace

int main() {
  ::prctl(PR_SET_NAME, "assay-egress");
  assay::egress::ForwarderFds fds{.tcp = 3, .udp = 4, .raw4 = 7, .raw6 = 8, .report = 5};
  if (!is_socket(fds.raw6, SOCK_RAW)) fds.raw6 = -1;
  if (!is_socket(fds.tcp, SOCK_STREAM) || !is_socket(fds.udp, SOCK_DGRAM) || !is_socket(fds.raw4, SOCK_RAW) ||
      !is_socket(fds.report, SOCK_SEQPACKET)) {
    std::fputs(
        "assay-egress is started by assay-agent with its sockets open; it does nothing when run by hand\n",
        stderr);
    return 2;
  }
  auto config = read_config();
  if (!config) {
    std::fprintf(stderr, "assay-egress: %s\n", config.error().what.c_str());
    return 1;
  }
  // Whatever is sent to it, it starts no process, writes no file, and stays small.
  if (!set_limits(config->caps)) {
    std::perror("assay-egress: set resource limits");
    return 1;
  }
  auto forwarder = assay::egress::Forwarder::open(fds, std::move(*config));
  auto done = forwarder ? assay::egress::confine() : assay::Status(forwarder.error());
  if (done) done = forwarder->run();
  if (done) return 0;
  std::fprintf(stderr, "assay-egress: %s\n", done.error().what.c_str());
  return 1;
}
