#include "agent/confine/confine.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace assay {
namespace {

Status check(int error, const char* what) {
  if (error == 0) return Status();
  errno = -error;
  return errno_error(std::string("seccomp: ") + what);
}

}  // namespace

Result<SyscallFilter> SyscallFilter::make() {
  SyscallFilter filter(::seccomp_init(SCMP_ACT_KILL_PROCESS));
  if (!filter.filter_) return Error{Errc::unsupported, "seccomp: cannot make a filter"};
  return filter;
}

Status SyscallFilter::allow(std::span<const int> calls) {
  for (int call : calls) ASSAY_CHECK(rule(SCMP_ACT_ALLOW, call, {}, "allow a call"));
  return Status();
}

Status SyscallFilter::refuse(std::span<const int> calls) {
  for (int call : calls) ASSAY_CHECK(rule(SCMP_ACT_ERRNO(EACCES), call, {}, "refuse a call"));
  return Status();
}

Status SyscallFilter::rule(uint32_t action, int call, std::initializer_list<scmp_arg_cmp> arguments,
                           const char* what) {
  return check(::seccomp_rule_add_array(filter_.get(), action, call, static_cast<unsigned>(arguments.size()),
                                        arguments.begin()),
               what);
}

Status SyscallFilter::allow_data_memory() {
  // The third argument of both is the protection.
  const scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
  for (int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    ASSAY_CHECK(rule(SCMP_ACT_ALLOW, call, {not_executable}, "allow memory"));
  return Status();
}

Status SyscallFilter::load() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return Status();
#else
  return check(::seccomp_load(filter_.get()), "load the filter");
#endif
}

bool lower_limit(decltype(RLIMIT_AS) resource, rlim_t to) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return false;
  limit.rlim_max = std::min(limit.rlim_max, to);
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(resource, &limit) == 0;
}

}  // namespace assay
