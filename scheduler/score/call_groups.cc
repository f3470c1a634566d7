// The lists.
#include "scheduler/score/call_groups.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace assay {
namespace {

constexpr std::string_view kEscapes[] = {
    "mount",
    "umount2",
    "pivot_root",
    "fsopen",
    "fsconfig",
    "fsmount",
    "move_mount",
    "open_tree",
    "mount_setattr",
    "unshare",
    "setns",
    "open_by_handle_at",
    "name_to_handle_at",
    "init_module",
    "finit_module",
    "bpf",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "userfaultfd",
    "keyctl",
    "add_key",
    "request_key",
    "perf_event_open",
    "iopl",
    "ioperm",
    "io_uring_setup",
    "modify_ldt",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "settimeofday",
    "clock_settime",
    "sethostname",
    "setdomainname",
    "fanotify_init",
};
constexpr std::string_view kMemory[] = {"memfd_create", "process_vm_readv", "process_vm_writev",
                                        "ptrace",       "process_madvise",  "pidfd_getfd",
                                        "vmsplice",     "userfaultfd"};
constexpr std::string_view kMappings[] = {"mmap", "mprotect", "pkey_mprotect"};
constexpr uint64_t kLargeBytes = 64ULL << 20;
constexpr uint64_t kNewNamespaces =
    CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

template <class List>
bool has(const List& list, std::string_view item) {
  return std::find(std::begin(list), std::end(list), item) != std::end(list);
}

bool makes_device(const Event& e) {
  if (e.call != "mknod" && e.call != "mknodat") return false;
  auto mode = static_cast<uint32_t>(e.mode != 0 ? e.mode : e.args[e.call == "mknod" ? 1 : 2]);
  return S_ISCHR(mode) || S_ISBLK(mode);
}

}  // namespace

bool is_escape_call(const Event& e) {
  if (e.kind == EventKind::clone) return (e.flags & kNewNamespaces) != 0;
  return e.kind == EventKind::syscall && (has(kEscapes, e.call) || makes_device(e));
}

MemoryUse memory_use(const Event& e) {
  MemoryUse out;
  if (e.kind != EventKind::syscall) return out;
  out.tells = has(kMemory, e.call);
  if (!has(kMappings, e.call)) return out;
  uint64_t protection = e.args[2];
  out.protection = {(protection & PROT_READ) != 0 ? 'r' : '-', (protection & PROT_WRITE) != 0 ? 'w' : '-',
                    (protection & PROT_EXEC) != 0 ? 'x' : '-'};
  out.size_bytes = e.args[1];
  bool anonymous = e.call == "mmap" && (e.args[3] & MAP_ANONYMOUS) != 0;
  bool writes_code = (protection & PROT_WRITE) != 0 && (protection & PROT_EXEC) != 0;
  out.tells = writes_code || (anonymous && (out.size_bytes >= kLargeBytes || (e.args[3] & MAP_HUGETLB) != 0));
  return out;
}

}  // namespace assay
