// The list is what epoll, recv and send need, and what glibc's allocator and abort() do.
#include "agent/sinkhole/seccomp.h"

#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <array>

#include "agent/confine/confine.h"

namespace assay::sinkhole {
namespace {

constexpr std::array kAllowed = {
    // the loop
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(poll), SCMP_SYS(accept4),
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt), SCMP_SYS(close),
    // time, chance, memory
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(brk), SCMP_SYS(munmap),
    SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(sched_getaffinity), SCMP_SYS(sysinfo),
    // last words, and the end
    SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill),
    SCMP_SYS(exit), SCMP_SYS(exit_group)};

constexpr std::array kRefused = {SCMP_SYS(open),       SCMP_SYS(openat),     SCMP_SYS(stat),
                                 SCMP_SYS(lstat),      SCMP_SYS(newfstatat), SCMP_SYS(statx),
                                 SCMP_SYS(access),     SCMP_SYS(faccessat),  SCMP_SYS(readlink),
                                 SCMP_SYS(readlinkat), SCMP_SYS(getcwd)};

// What OpenSSL would do at its first use, some of it with files: providers, error texts, the generator's
// seed.
bool load_openssl() {
  unsigned char byte = 0;
  return ::OPENSSL_init_ssl(
             OPENSSL_INIT_LOAD_SSL_STRINGS | OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_LOAD_CONFIG,
             nullptr) == 1 &&
         ::RAND_bytes(&byte, 1) == 1;
}

}  // namespace

Status confine() {
  if (!load_openssl()) return Error{Errc::unsupported, "seccomp: OpenSSL does not start"};
  ASSAY_TRY(SyscallFilter filter, SyscallFilter::make());
  ASSAY_CHECK(filter.allow(kAllowed));
  ASSAY_CHECK(filter.refuse(kRefused));
  ASSAY_CHECK(filter.allow_data_memory());
  return filter.load();
}

}  // namespace assay::sinkhole
