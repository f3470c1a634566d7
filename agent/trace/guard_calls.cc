// The table. What a program does to files and sockets that it may use is not here: seccomp, namespaces and
// empty capabilities bound that. These are the calls by which one gets beyond them.
#include "agent/trace/guard_calls.h"

#include <cassert>

#include "agent/trace/syscalls.h"

namespace assay {
namespace {

struct Spec {
  const char* name;
  uint8_t act;
  uint8_t path = 0;    // number of the argument
  uint8_t detail = 0;  // likewise
  uint32_t mask = 0;
};
constexpr uint32_t kNamespaces = 0x7e020080;  // CLONE_NEW*: what else the argument holds tells nothing
constexpr uint32_t kSmall = 0xffff;

constexpr Spec kSpecs[] = {
    {"setuid", FARM_ACT_CREDENTIALS},
    {"setgid", FARM_ACT_CREDENTIALS},
    {"setreuid", FARM_ACT_CREDENTIALS},
    {"setregid", FARM_ACT_CREDENTIALS},
    {"setresuid", FARM_ACT_CREDENTIALS},
    {"setresgid", FARM_ACT_CREDENTIALS},
    {"setfsuid", FARM_ACT_CREDENTIALS},
    {"setfsgid", FARM_ACT_CREDENTIALS},
    {"setgroups", FARM_ACT_CREDENTIALS},
    {"capset", FARM_ACT_CREDENTIALS},
    {"mount", FARM_ACT_MOUNT, 2},
    {"umount2", FARM_ACT_MOUNT, 1},
    {"pivot_root", FARM_ACT_MOUNT, 1},
    {"chroot", FARM_ACT_MOUNT, 1},
    {"open_tree", FARM_ACT_MOUNT, 2},
    {"move_mount", FARM_ACT_MOUNT, 2},
    {"fsopen", FARM_ACT_MOUNT, 1},
    {"fsconfig", FARM_ACT_MOUNT},
    {"fsmount", FARM_ACT_MOUNT},
    {"fspick", FARM_ACT_MOUNT, 2},
    {"mount_setattr", FARM_ACT_MOUNT, 2},
    {"unshare", FARM_ACT_NAMESPACE, 0, 1, kNamespaces},
    {"setns", FARM_ACT_NAMESPACE, 0, 2, kNamespaces},
    {"init_module", FARM_ACT_MODULE},
    {"finit_module", FARM_ACT_MODULE},
    {"delete_module", FARM_ACT_MODULE, 1},
    {"bpf", FARM_ACT_BPF, 0, 1, kSmall},
    {"ptrace", FARM_ACT_PTRACE, 0, 1, kSmall},
    {"process_vm_readv", FARM_ACT_PTRACE},
    {"process_vm_writev", FARM_ACT_PTRACE},
    {"process_madvise", FARM_ACT_PTRACE},
    {"pidfd_getfd", FARM_ACT_PTRACE},
    {"kcmp", FARM_ACT_PTRACE},
    {"kexec_load", FARM_ACT_KERNEL},
    {"kexec_file_load", FARM_ACT_KERNEL},
    {"perf_event_open", FARM_ACT_KERNEL},
    {"userfaultfd", FARM_ACT_KERNEL},
    {"io_uring_setup", FARM_ACT_KERNEL},  // its requests are no system calls: nothing else would see them
    {"keyctl", FARM_ACT_KERNEL},
    {"add_key", FARM_ACT_KERNEL},
    {"request_key", FARM_ACT_KERNEL},
    {"iopl", FARM_ACT_KERNEL},
    {"ioperm", FARM_ACT_KERNEL},
    {"open_by_handle_at", FARM_ACT_KERNEL},
    {"reboot", FARM_ACT_KERNEL},
    {"swapon", FARM_ACT_KERNEL, 1},
    {"swapoff", FARM_ACT_KERNEL, 1},
    {"acct", FARM_ACT_KERNEL, 1},
    {"syslog", FARM_ACT_KERNEL},
    {"quotactl", FARM_ACT_KERNEL},
    {"settimeofday", FARM_ACT_KERNEL},
    {"clock_settime", FARM_ACT_KERNEL},
    {"clock_adjtime", FARM_ACT_KERNEL},
    {"adjtimex", FARM_ACT_KERNEL},
    {"sethostname", FARM_ACT_KERNEL},
    {"setdomainname", FARM_ACT_KERNEL},
    {"fanotify_init", FARM_ACT_KERNEL},
    {"modify_ldt", FARM_ACT_KERNEL},
    {"vhangup", FARM_ACT_KERNEL},
};

}  // namespace

std::array<farm_guard_call, FARM_CALLS> guard_calls() {
  std::array<farm_guard_call, FARM_CALLS> table{};
  for (const Spec& spec : kSpecs) {
    int number = syscall_number(spec.name);
    assert(number >= 0 && number < FARM_CALLS);
    table[static_cast<size_t>(number)] = {spec.act, spec.detail, spec.path, 0, spec.mask};
  }
  return table;
}

}  // namespace assay
