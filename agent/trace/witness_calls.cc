// The table. Calls that systrap cannot patch (Go programs, musl's syscall()) trap every time: a budget per
// process image and call keeps those from filling the ring. Calls that matter by their mere number of
// different targets (open, unlink, rename) have a wide budget, rare and dangerous ones none.
#include "agent/trace/witness_calls.h"

#include "agent/trace/syscalls.h"

namespace assay {
namespace {

struct Spec {
  const char* name;
  uint8_t path, path2, buffer, length, flags;
  uint16_t budget;
  uint8_t address = 0;
};
constexpr uint16_t kRare = 0, kOften = 4096, kNoisy = 128;

constexpr Spec kSpecs[] = {
    // name, path, path2, buffer, length
    {"open", 1, 0, 0, 0, 0, kOften},
    {"openat", 2, 0, 0, 0, 0, kOften},
    {"openat2", 2, 0, 0, 0, 0, kOften},
    {"creat", 1, 0, 0, 0, 0, kOften},
    {"unlink", 1, 0, 0, 0, 0, kOften},
    {"unlinkat", 2, 0, 0, 0, 0, kOften},
    {"rename", 1, 2, 0, 0, 0, kOften},
    {"renameat", 2, 4, 0, 0, 0, kOften},
    {"renameat2", 2, 4, 0, 0, 0, kOften},
    {"link", 1, 2, 0, 0, 0, kOften},
    {"linkat", 2, 4, 0, 0, 0, kOften},
    {"symlink", 1, 2, 0, 0, 0, kOften},
    {"symlinkat", 1, 3, 0, 0, 0, kOften},
    {"chmod", 1, 0, 0, 0, 0, kOften},
    {"fchmodat", 2, 0, 0, 0, 0, kOften},
    {"fchmodat2", 2, 0, 0, 0, 0, kOften},
    {"chown", 1, 0, 0, 0, 0, kOften},
    {"lchown", 1, 0, 0, 0, 0, kOften},
    {"fchownat", 2, 0, 0, 0, 0, kOften},
    {"mkdir", 1, 0, 0, 0, 0, kOften},
    {"mkdirat", 2, 0, 0, 0, 0, kOften},
    {"rmdir", 1, 0, 0, 0, 0, kOften},
    {"mknod", 1, 0, 0, 0, 0, kRare},
    {"mknodat", 2, 0, 0, 0, 0, kRare},
    {"truncate", 1, 0, 0, 0, 0, kOften},
    {"utimensat", 2, 0, 0, 0, 0, kOften},
    {"setxattr", 1, 2, 3, 4, 0, kOften},
    {"lsetxattr", 1, 2, 3, 4, 0, kOften},
    {"chdir", 1, 0, 0, 0, 0, kOften},
    {"chroot", 1, 0, 0, 0, 0, kRare},
    {"mount", 1, 2, 0, 0, 0, kRare},
    {"umount2", 1, 0, 0, 0, 0, kRare},
    {"pivot_root", 1, 2, 0, 0, 0, kRare},
    {"fsopen", 1, 0, 0, 0, 0, kRare},
    {"move_mount", 2, 4, 0, 0, 0, kRare},
    {"open_tree", 2, 0, 0, 0, 0, kRare},
    {"swapon", 1, 0, 0, 0, 0, kRare},
    {"acct", 1, 0, 0, 0, 0, kRare},
    {"memfd_create", 1, 0, 0, 0, 0, kRare},
    {"init_module", 3, 0, 0, 0, 0, kRare},
    {"finit_module", 2, 0, 0, 0, 0, kRare},
    {"delete_module", 1, 0, 0, 0, 0, kRare},
    {"add_key", 1, 2, 3, 4, 0, kRare},
    {"request_key", 1, 2, 0, 0, 0, kRare},
    {"name_to_handle_at", 2, 0, 0, 0, 0, kRare},
    {"sethostname", 0, 0, 1, 2, 0, kRare},
    {"setdomainname", 0, 0, 1, 2, 0, kRare},
    {"execve", 1, 0, 2, 0, FARM_ARGV, kOften},
    {"execveat", 2, 0, 3, 0, FARM_ARGV, kOften},
    {"connect", 0, 0, 2, 3, 0, kOften},
    {"bind", 0, 0, 2, 3, 0, kOften},
    // What programs look at: noisy, yet the first looks tell much (/.dockerenv, /proc/1/cgroup).
    {"stat", 1, 0, 0, 0, 0, kNoisy},
    {"lstat", 1, 0, 0, 0, 0, kNoisy},
    {"newfstatat", 2, 0, 0, 0, 0, kNoisy},
    {"statx", 2, 0, 0, 0, 0, kNoisy},
    {"access", 1, 0, 0, 0, 0, kNoisy},
    {"faccessat", 2, 0, 0, 0, 0, kNoisy},
    {"faccessat2", 2, 0, 0, 0, 0, kNoisy},
    {"readlink", 1, 0, 0, 0, 0, kNoisy},
    {"readlinkat", 2, 0, 0, 0, 0, kNoisy},
    // What programs say.
    {"write", 0, 0, 2, 3, 0, kNoisy},
    {"pwrite64", 0, 0, 2, 3, 0, kNoisy},
    {"writev", 0, 0, 2, 0, FARM_IOVEC, kNoisy},
    {"pwritev", 0, 0, 2, 0, FARM_IOVEC, kNoisy},
    {"sendto", 0, 0, 2, 3, 0, kNoisy, 5},
    {"sendmsg", 0, 0, 2, 0, FARM_MSGHDR, kNoisy},
    {"sendmmsg", 0, 0, 2, 0, FARM_MSGHDR, kNoisy},
    // Who waits long, and for nothing: of the calls with descriptors only those without any (length: 0).
    {"nanosleep", 0, 0, 1, 0, FARM_TIMESPEC, kNoisy},
    {"clock_nanosleep", 0, 0, 3, 0, FARM_TIMESPEC | FARM_ABSTIME, kNoisy},
    {"select", 0, 0, 5, 1, FARM_TIMESPEC, kNoisy},
    {"pselect6", 0, 0, 5, 1, FARM_TIMESPEC, kNoisy},
    {"poll", 0, 0, 3, 2, FARM_TIMEOUT, kNoisy},
    {"ppoll", 0, 0, 3, 2, FARM_TIMESPEC, kNoisy},
};

// Without strings, but telling.
constexpr const char* kBare[] = {
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "bpf",
    "unshare",
    "setns",
    "userfaultfd",
    "perf_event_open",
    "keyctl",
    "open_by_handle_at",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "iopl",
    "ioperm",
    "io_uring_setup",
    "fanotify_init",
    "fanotify_mark",
    "fsmount",
    "fsconfig",
    "mount_setattr",
    "capset",
    "prctl",
    "seccomp",
    "personality",
    "modify_ldt",
    "pidfd_open",
    "pidfd_getfd",
    "setuid",
    "setgid",
    "setresuid",
    "setresgid",
    "setreuid",
    "setregid",
    "setgroups",
    "setfsuid",
    "setfsgid",
    "clone",
    "clone3",
    "fork",
    "vfork",
    "setsid",
    "socket",
    "listen",
    "accept",
    "accept4",
    "kill",

    "fchmod",
    "fchown",
    "fchdir",
    "dup",
    "dup2",
    "dup3",
    "syslog",
    "quotactl",
    "swapoff",
    "vmsplice",
    "splice",
    "process_madvise",
    "exit_group",
    "socketpair",
    "fsetxattr",
};

}  // namespace

std::array<farm_call, FARM_CALLS> witness_calls(bool every) {
  std::array<farm_call, FARM_CALLS> table{};
  auto set = [&](const Spec& s) {
    int number = syscall_number(s.name);
    if (number < 0 || number >= FARM_CALLS) return;
    table[static_cast<size_t>(number)] = {
        static_cast<uint8_t>(s.flags | FARM_WANTED),   s.path, s.path2, s.buffer, s.length, s.address,
        every && s.budget == kOften ? kRare : s.budget};
  };
  for (const auto& spec : kSpecs) set(spec);
  for (const char* name : kBare) set({name, 0, 0, 0, 0, 0, kOften});
  return table;
}

}  // namespace assay
