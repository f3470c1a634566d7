// The list is what recvmsg, pread and send need, and what glibc's allocator, libyara's handler of bus errors
// and abort() do.
#include "agent/inspect/confine.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

namespace assay::inspect {
namespace {

constexpr std::array kAllowed = {
    // questions, files, answers
    SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(pread64), SCMP_SYS(read),
    SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(close), SCMP_SYS(write), SCMP_SYS(writev),
    // time, chance, memory
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(brk), SCMP_SYS(munmap),
    SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(sched_getaffinity), SCMP_SYS(sysinfo),
    // signals, and the end
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group)};

constexpr std::array kRefused = {SCMP_SYS(open),      SCMP_SYS(openat),   SCMP_SYS(stat),
                                 SCMP_SYS(lstat),     SCMP_SYS(statx),    SCMP_SYS(access),
                                 SCMP_SYS(faccessat), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
                                 SCMP_SYS(getcwd),    SCMP_SYS(ioctl)};

constexpr rlim_t kMemoryBytes = 2ull << 30;

struct Release {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};

Status failed(const char* what, int error) {
  errno = -error;
  return errno_error(std::string("seccomp: ") + what);
}

bool lower(decltype(RLIMIT_AS) what, rlim_t to) {
  rlimit limit{};
  if (::getrlimit(what, &limit) != 0) return false;
  limit.rlim_max = std::min(limit.rlim_max, to);
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(what, &limit) == 0;
}

}  // namespace

Status limit_resources(unsigned cpu_seconds, uint64_t file_bytes) {
  bool limited = lower(RLIMIT_NPROC, 0) && lower(RLIMIT_CORE, 0) && lower(RLIMIT_CPU, cpu_seconds) &&
                 lower(RLIMIT_FSIZE, file_bytes) && lower(RLIMIT_NOFILE, 32);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limited = limited && lower(RLIMIT_AS, kMemoryBytes);
#endif
  if (!limited) return errno_error("set resource limits");
  return Status();
}

Status confine() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return Status();
#else
  std::unique_ptr<void, Release> filter(::seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter) return Error{Errc::unsupported, "seccomp: cannot make a filter"};
  for (int call : kAllowed)
    if (int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0); error != 0)
      return failed("allow a call", error);
  for (int call : kRefused)
    if (int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EACCES), call, 0); error != 0)
      return failed("refuse a call", error);
  // fstat() of glibc is newfstatat with an empty path: only of a descriptor that it has.
  constexpr uint64_t kEmptyPath = 0x1000;  // AT_EMPTY_PATH
  for (auto [action, argument] :
       {std::pair(static_cast<uint32_t>(SCMP_ACT_ALLOW), SCMP_A3(SCMP_CMP_MASKED_EQ, kEmptyPath, kEmptyPath)),
        std::pair(static_cast<uint32_t>(SCMP_ACT_ERRNO(EACCES)), SCMP_A3(SCMP_CMP_MASKED_EQ, kEmptyPath, 0))})
    if (int error = ::seccomp_rule_add(filter.get(), action, SCMP_SYS(newfstatat), 1, argument); error != 0)
      return failed("allow fstat", error);
  // The third argument of both is the protection.
  const scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
  for (int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    if (int error = ::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1, not_executable); error != 0)
      return failed("allow memory", error);
  if (int error = ::seccomp_load(filter.get()); error != 0) return failed("load the filter", error);
  return Status();
#endif
}

}  // namespace assay::inspect
