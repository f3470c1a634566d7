// assay-sinkhole: the simulated internet of one scan. Started by the agent inside the world's network
// namespace, as nobody, with its sockets as descriptors 3 (TCP listener), 4 (UDP, port 53), 5 (reports), 7
// (UDP, port 123), and from 8 on one listening Unix socket for each argument, which names it; 6 is a file
// with the scan's lures. Opens nothing by itself.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>

#include "agent/confine/confine.h"
#include "agent/sinkhole/scene.h"
#include "agent/sinkhole/seccomp.h"
#include "agent/sinkhole/server.h"

namespace {

constexpr int kTcpFd = 3, kUdpFd = 4, kReportFd = 5, kNtpFd = 7, kFirstDecoyFd = 8;
constexpr int kLuresFd = 6;  // a sealed memfd with encode_lures()
constexpr size_t kMaxLuresBytes = 1 << 20;
constexpr rlim_t kMemoryBytes = 1ull << 30;
constexpr rlim_t kSpareFds = 32;

bool is_socket(int fd, int type) {
  int is = 0;
  socklen_t size = sizeof is;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &is, &size) == 0 && is == type;
}

assay::Result<std::unique_ptr<assay::sinkhole::Scene>> open_scene() {
  ASSAY_TRY(std::string text, assay::read_fd(kLuresFd, kMaxLuresBytes, "the lures"));
  ASSAY_TRY(assay::lure::Lures lures, assay::lure::decode_lures(text));
  auto scene = std::make_unique<assay::sinkhole::Scene>(std::move(lures));
  if (!scene->lures.authority_cert.empty()) {
    ASSAY_TRY(scene->authority,
              assay::lure::Authority::load(scene->lures.authority_cert, scene->lures.authority_key));
    ASSAY_TRY(scene->tls_server, assay::sinkhole::TlsServer::open(*scene->authority));
  }
  return scene;
}

}  // namespace

int main(int argc, char** argv) {
  using assay::sinkhole::Server;
  ::prctl(PR_SET_NAME, "assay-sinkhole");
  assay::sinkhole::ServerFds fds{
      .tcp = kTcpFd, .udp = kUdpFd, .ntp = kNtpFd, .report = kReportFd, .decoys = {}};
  bool whole = is_socket(fds.tcp, SOCK_STREAM) && is_socket(fds.udp, SOCK_DGRAM) &&
               is_socket(fds.ntp, SOCK_DGRAM) && is_socket(fds.report, SOCK_SEQPACKET);
  for (int i = 1; i < argc; ++i) {
    fds.decoys.push_back({kFirstDecoyFd + i - 1, argv[i]});
    whole = whole && is_socket(fds.decoys.back().fd, SOCK_STREAM);
  }
  if (!whole) {
    std::fputs(
        "assay-sinkhole is started by assay-agent with its sockets open; it does nothing when run by hand\n",
        stderr);
    return 2;
  }
  // Whatever a guest makes it do, it starts no process, writes no file, and stays small.
  bool limited = assay::lower_limit(RLIMIT_NPROC, 0) && assay::lower_limit(RLIMIT_FSIZE, 0) &&
                 assay::lower_limit(RLIMIT_CORE, 0) && assay::lower_limit(RLIMIT_AS, kMemoryBytes) &&
                 assay::lower_limit(RLIMIT_NOFILE, Server::kMaxConnections + kSpareFds);
  rlimit files{};
  if (!limited || ::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur <= kSpareFds) {
    std::perror("assay-sinkhole: set resource limits");
    return 1;
  }
  auto scene = open_scene();
  if (!scene) {
    std::fprintf(stderr, "assay-sinkhole: %s\n", scene.error().what.c_str());
    return 1;
  }
  auto server = Server::open(std::move(fds), files.rlim_cur - kSpareFds, **scene);
  auto done = server ? assay::sinkhole::confine() : assay::Status(server.error());
  if (done) done = server->run();
  if (done) return 0;
  std::fprintf(stderr, "assay-sinkhole: %s\n", done.error().what.c_str());
  return 1;
}
