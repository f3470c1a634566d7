// The list is what the loop needs, and what glibc's allocator and abort() do.
#include "agent/egress/seccomp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "agent/confine/confine.h"

namespace assay::egress {
namespace {

constexpr std::array kAllowed = {
    // the loop
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(poll), SCMP_SYS(accept4),
    SCMP_SYS(connect), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(shutdown),
    SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(close),
    // time, memory
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(brk), SCMP_SYS(munmap),
    SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
    // last words, and the end
    SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill),
    SCMP_SYS(exit), SCMP_SYS(exit_group)};

Status allow_sockets(SyscallFilter& filter) {
  for (int family : {AF_INET, AF_INET6})
    for (int type : {SOCK_STREAM, SOCK_DGRAM})
      ASSAY_CHECK(
          filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(socket),
                      {SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)),
                       SCMP_A1(SCMP_CMP_EQ, static_cast<scmp_datum_t>(type | SOCK_NONBLOCK | SOCK_CLOEXEC)),
                       SCMP_A2(SCMP_CMP_EQ, 0)},
                      "allow sockets"));
  for (auto [level, option] :
       {std::pair(SOL_SOCKET, SO_LINGER), std::pair<int, int>(IPPROTO_TCP, TCP_NODELAY)})
    ASSAY_CHECK(filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(setsockopt),
                            {SCMP_A1(SCMP_CMP_EQ, static_cast<scmp_datum_t>(level)),
                             SCMP_A2(SCMP_CMP_EQ, static_cast<scmp_datum_t>(option))},
                            "allow socket options"));
  return Status();
}

}  // namespace

Status confine() {
  ASSAY_TRY(SyscallFilter filter, SyscallFilter::make());
  ASSAY_CHECK(filter.allow(kAllowed));
  ASSAY_CHECK(allow_sockets(filter));
  ASSAY_CHECK(filter.allow_data_memory());
  return filter.load();
}

}  // namespace assay::egress
