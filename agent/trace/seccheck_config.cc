// The list of points. Exit variants, so that results are known; a raw point needs its enter variant as well,
// since gVisor takes the context fields of a raw exit from the enter point's settings
// (pkg/sentry/kernel/task_syscall.go), whether or not we want the enter.
#include "agent/trace/seccheck_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/trace/syscalls.h"

namespace assay {
namespace {

constexpr const char* kContext[] = {"time", "thread_id", "group_id", "credentials", "cwd", "process_name"};

// Points with a schema of their own.
constexpr const char* kPoints[] = {
    "container/start",      "sentry/execve",       "sentry/clone",           "sentry/exit_notify_parent",
    "sentry/task_exit",     "syscall/open/exit",   "syscall/openat/exit",    "syscall/creat/exit",
    "syscall/connect/exit", "syscall/bind/exit",   "syscall/accept/exit",    "syscall/accept4/exit",
    "syscall/socket/exit",  "syscall/chdir/exit",  "syscall/fchdir/exit",    "syscall/chroot/exit",
    "syscall/setuid/exit",  "syscall/setgid/exit", "syscall/setresuid/exit", "syscall/setresgid/exit",
    "syscall/dup/exit",     "syscall/dup2/exit",   "syscall/dup3/exit",
};

// Calls that have raw points only. Not here, for their number and little worth: stat, read, write, futex,
// mmap, kill(0)-like probes are few enough to be kept.
constexpr const char* kRawCalls[] = {
    "openat2",
    "listen",
    "setreuid",
    "setregid",
    "setgroups",
    "setfsuid",
    "setfsgid",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "mkdir",
    "mkdirat",
    "rmdir",
    "mknod",
    "mknodat",
    "truncate",
    "utimensat",
    "utime",
    "utimes",
    "futimesat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
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
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "bpf",
    "memfd_create",
    "execveat",
    "userfaultfd",
    "perf_event_open",
    "keyctl",
    "add_key",
    "request_key",
    "open_by_handle_at",
    "name_to_handle_at",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "sethostname",
    "setdomainname",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "iopl",
    "ioperm",
    "io_uring_setup",
    "fanotify_init",
    "fanotify_mark",
    "prctl",
    "capset",
    "kill",

    "seccomp",
    "pidfd_open",
    "pidfd_getfd",
    "pidfd_send_signal",
    "swapon",
    "swapoff",
    "acct",
    "syslog",
    "quotactl",
    "personality",
    "modify_ldt",
    "setpriority",
    "sched_setaffinity",
    "setsid",
    "splice",
    "vmsplice",
    "process_madvise",
    "landlock_create_ruleset",
};

// Frequent in servers: the enter variant alone, at half the cost. Their result stays unknown.
constexpr const char* kEnterCalls[] = {"sendto", "sendmsg", "sendmmsg"};

bool has(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (!text.empty()) {
    size_t end = std::min(text.find(separator), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// "optional fields: [a|b]" in a line of the listing.
std::vector<std::string> bracketed(std::string_view line, std::string_view label) {
  size_t at = line.find(label);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + label.size());
  return split(line.substr(0, line.find(']')), '|');
}

}  // namespace

Result<std::map<std::string, TracePoint>> parse_trace_metadata(std::string_view text) {
  std::map<std::string, TracePoint> out;
  for (const auto& line : split(text, '\n')) {
    constexpr std::string_view kPrefix = "Name: ";
    size_t comma = line.find(',');
    if (!line.starts_with(kPrefix) || comma == std::string::npos) continue;  // headings, and the sinks
    out[line.substr(kPrefix.size(), comma - kPrefix.size())] = {bracketed(line, "optional fields: ["),
                                                                bracketed(line, "context fields: [")};
  }
  if (out.empty())
    return Error{Errc::unsupported,
                 "`runsc trace metadata` lists no trace points: install a runsc of 2023 or later"};
  return out;
}

SeccheckConfig make_seccheck_config(const std::map<std::string, TracePoint>& offered,
                                    const std::string& socket_path) {
  SeccheckConfig config;
  auto points = nlohmann::json::array();
  auto want = [&](const std::string& name, const std::string& label) {
    auto found = offered.find(name);
    if (found == offered.end()) {
      config.missing.push_back(label);
      return;
    }
    auto context = nlohmann::json::array();
    for (const char* field : kContext)
      if (has(found->second.context_fields, field)) context.push_back(field);
    points.push_back(
        {{"name", name}, {"optional_fields", found->second.optional_fields}, {"context_fields", context}});
  };
  for (const char* name : kPoints) want(name, name);
  for (const char* call : kRawCalls) {
    std::string base = "syscall/sysno/" + std::to_string(syscall_number(call));
    want(base + "/exit", call);
    if (offered.contains(base + "/enter")) want(base + "/enter", call);
  }
  for (const char* call : kEnterCalls)
    want("syscall/sysno/" + std::to_string(syscall_number(call)) + "/enter", call);
  config.points = points.size();
  // Patience before a point is dropped: about four seconds of a stalled reader (backoff doubles from 25 us to
  // 10 ms).
  nlohmann::json sink = {{"name", "remote"}, {"config", {{"endpoint", socket_path}, {"retries", 400}}}};
  config.json =
      nlohmann::json{{"trace_session", {{"name", "Default"}, {"points", points}, {"sinks", {sink}}}}}.dump();
  return config;
}

}  // namespace assay
