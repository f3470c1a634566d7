// The list is what recvmsg, pread and send need, and what glibc's allocator, libyara's handler of bus errors
// and abort() do.
#include "agent/inspect/confine.h"

#include <array>
#include <cerrno>

#include "agent/confine/confine.h"

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

}  // namespace

Status limit_resources(unsigned cpu_seconds, uint64_t file_bytes) {
  bool limited = lower_limit(RLIMIT_NPROC, 0) && lower_limit(RLIMIT_CORE, 0) &&
                 lower_limit(RLIMIT_CPU, cpu_seconds) && lower_limit(RLIMIT_FSIZE, file_bytes) &&
                 lower_limit(RLIMIT_NOFILE, 32);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  limited = limited && lower_limit(RLIMIT_AS, kMemoryBytes);
#endif
  if (!limited) return errno_error("set resource limits");
  return Status();
}

Status confine() {
  ASSAY_TRY(SyscallFilter filter, SyscallFilter::make());
  ASSAY_CHECK(filter.allow(kAllowed));
  ASSAY_CHECK(filter.refuse(kRefused));
  // fstat() of glibc is newfstatat with an empty path: only of a descriptor that it has.
  constexpr uint64_t kEmptyPath = 0x1000;  // AT_EMPTY_PATH
  ASSAY_CHECK(filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(newfstatat),
                          {SCMP_A3(SCMP_CMP_MASKED_EQ, kEmptyPath, kEmptyPath)}, "allow fstat"));
  ASSAY_CHECK(filter.rule(SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat),
                          {SCMP_A3(SCMP_CMP_MASKED_EQ, kEmptyPath, 0)}, "refuse stat"));
  ASSAY_CHECK(filter.allow_data_memory());
  return filter.load();
}

}  // namespace assay::inspect
