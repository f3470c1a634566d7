// The list is what the loop needs, and what glibc's allocator and abort() do.
#include "agent/egress/seccomp.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

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

struct Release {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};

Status failed(const char* what, int error) {
  errno = -error;
  return errno_error(std::string("seccomp: ") + what);
}

Status allow_sockets(void* filter) {
  for (int family : {AF_INET, AF_INET6})
    for (int type : {SOCK_STREAM, SOCK_DGRAM})
      if (int error = ::seccomp_rule_add(
              filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
              SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)),
              SCMP_A1(SCMP_CMP_EQ, static_cast<scmp_datum_t>(type | SOCK_NONBLOCK | SOCK_CLOEXEC)),
              SCMP_A2(SCMP_CMP_EQ, 0));
          error != 0)
        return failed("allow sockets", error);
  for (auto [level, option] :
       {std::pair(SOL_SOCKET, SO_LINGER), std::pair<int, int>(IPPROTO_TCP, TCP_NODELAY)})
    if (int error = ::seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
                                       SCMP_A1(SCMP_CMP_EQ, static_cast<scmp_datum_t>(level)),
                                       SCMP_A2(SCMP_CMP_EQ, static_cast<scmp_datum_t>(option)));
        error != 0)
      return failed("allow socket options", error);
  return Status();
}

}  // namespace

Status confine() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return Status();
#else
  std::unique_ptr<void, Release> filter(::seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) return Error{Errc::unsupported, "seccomp: cannot make a filter"};
  for (int call : kAllowed)
    if (int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0); error != 0)
      return failed("allow a call", error);
  ASSAY_CHECK(allow_sockets(filter.get()));
  // The third argument of both is the protection.
  const scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
  for (int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    if (int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1, not_executable); error != 0)
      return failed("allow memory", error);
  if (int error = ::seccomp_load(filter.get()); error != 0) return failed("load the filter", error);
  return Status();
#endif
}

}  // namespace assay::egress
