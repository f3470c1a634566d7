// confine: what the agent's unprivileged children are held by: a filter of system calls, and resource limits.
// Which calls a child needs is in a file of its own (sinkhole/seccomp, egress/seccomp, inspect/confine).
// Wraps libseccomp.
#pragma once

#include <seccomp.h>
#include <sys/resource.h>

#include <initializer_list>
#include <memory>
#include <span>

#include "common/result.h"

namespace assay {

class SyscallFilter {
 public:
  /// Every call that is not spoken of from now on kills the process. Errc::unsupported: no libseccomp can.
  static Result<SyscallFilter> make();

  Status allow(std::span<const int> calls);
  /// They fail with EACCES: libraries look for files that need not be there.
  Status refuse(std::span<const int> calls);
  /// A call whose arguments are all as told. `what`: for the error, as in "allow sockets".
  Status rule(uint32_t action, int call, std::initializer_list<scmp_arg_cmp> arguments, const char* what);
  /// mmap and mprotect, but for memory that is executable.
  Status allow_data_memory();
  /// For good. Does nothing under a sanitizer, whose runtime has needs of its own.
  Status load();

 private:
  struct Release {
    void operator()(void* filter) const { ::seccomp_release(filter); }
  };
  explicit SyscallFilter(void* filter) : filter_(filter) {}
  std::unique_ptr<void, Release> filter_;
};

/// Soft and hard limit of `resource` (RLIMIT_*), or what is lower already. False: errno says why.
bool lower_limit(decltype(RLIMIT_AS) resource, rlim_t to);

}  // namespace assay
