// The list of points. Exit variants, so that results are known; a raw point needs its enter variant as well,
// since gVisor takes the context fields of a raw exit from the enter point's settings
// (pkg/sentry/kernel/task_syscall.go), whether or not we want the enter.
//
// Which strings a point may carry is a matter of what can be hidden: gVisor drops a whole point, and counts
// nothing, when one of its strings is no UTF-8. So names and directories of the guest's choice come with few
// points only, and the rest learn them from there (see tasks.h).
#include "agent/trace/seccheck_config.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/trace/syscalls.h"

namespace assay {
namespace {

constexpr const char* kContext[] = {"time", "thread_id", "group_id", "credentials"};

// Points with a schema of their own.
constexpr const char* kPoints[] = {
    "container/start",      "sentry/execve",       "sentry/clone",           "sentry/exit_notify_parent",
    "sentry/task_exit",     "syscall/open/exit",   "syscall/openat/exit",    "syscall/creat/exit",
    "syscall/connect/exit", "syscall/bind/exit",   "syscall/accept/exit",    "syscall/accept4/exit",
    "syscall/socket/exit",  "syscall/chdir/exit",  "syscall/fchdir/exit",    "syscall/chroot/exit",
    "syscall/setuid/exit",  "syscall/setgid/exit", "syscall/setresuid/exit", "syscall/setresgid/exit",
    "syscall/dup/exit",     "syscall/dup2/exit",   "syscall/dup3/exit",
};

// Descriptors that belong together, told as such and not as registers: no matter for the cross-check with the
// witness, which goes by registers.
constexpr const char* kPairPoints[] = {"syscall/pipe/exit", "syscall/pipe2/exit", "syscall/socketpair/exit"};

// Where names and directories are told; beside these kNamingCalls.
constexpr const char* kNamingPoints[] = {"container/start", "sentry/execve", "syscall/chdir/exit",
                                         "syscall/fchdir/exit", "syscall/chroot/exit"};
// What every program calls once it is loaded, and what every process does before it has children: told at
// the beginning, names and all. chdir and fchdir again, where they led alone: for a path, or a process's
// name, that their own points cannot carry.
constexpr const char* kNamingCalls[] = {"arch_prctl", "clone", "clone3", "fork", "vfork"};
constexpr const char* kMovingCalls[] = {"chdir", "fchdir"};

// Optional fields, most of them paths of descriptors, where they are worth what they may cost: that the point
// is lost where such a path is no UTF-8.
constexpr const char* kOptionalPoints[] = {"container/start",     "sentry/execve",    "syscall/openat/exit",
                                           "syscall/fchdir/exit", "syscall/dup/exit", "syscall/dup2/exit",
                                           "syscall/dup3/exit"};

// Calls that have raw points only, and execve: its own point tells of success, this one of failure. Not here,
// for their number and little worth: stat, read, write, futex, mmap, kill(0)-like probes are few enough to be
// kept.
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
    "execve",
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
    "sysinfo",
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

template <class List>
bool has(const List& list, std::string_view item) {
  return std::find(std::begin(list), std::end(list), item) != std::end(list);
}

// "openat" of "syscall/openat/exit".
std::string call_of(std::string_view point) {
  constexpr std::string_view kPrefix = "syscall/", kSuffix = "/exit";
  if (!point.starts_with(kPrefix) || !point.ends_with(kSuffix)) return "";
  return std::string(point.substr(kPrefix.size(), point.size() - kPrefix.size() - kSuffix.size()));
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
  auto want = [&](const std::string& name, const std::string& label, const std::vector<std::string>& names) {
    auto found = offered.find(name);
    if (found == offered.end()) {
      config.missing.push_back(label);
      return false;
    }
    auto context = nlohmann::json::array(), optional = nlohmann::json::array();
    for (const char* field : kContext)
      if (has(found->second.context_fields, field)) context.push_back(field);
    for (const std::string& field : names)
      if (has(found->second.context_fields, field)) context.push_back(field);
    if (has(kOptionalPoints, name)) optional = found->second.optional_fields;
    points.push_back({{"name", name}, {"optional_fields", optional}, {"context_fields", context}});
    return true;
  };
  const std::vector<std::string> both = {"cwd", "process_name"}, none;
  auto raw = [](const char* call) { return "syscall/sysno/" + std::to_string(syscall_number(call)); };
  for (const char* name : kPoints)
    if (want(name, name, has(kNamingPoints, name) ? both : none) && !call_of(name).empty())
      config.calls.push_back(call_of(name));
  for (const char* name : kPairPoints) want(name, name, none);
  for (const char* call : kRawCalls) {
    bool enter = offered.contains(raw(call) + "/enter") && want(raw(call) + "/enter", call, none);
    if (want(raw(call) + "/exit", call, none) && enter) config.calls.push_back(call);
  }
  for (const char* call : kEnterCalls)
    if (want(raw(call) + "/enter", call, none)) config.calls.push_back(call);
  for (const char* call : kNamingCalls) want(raw(call) + "/enter", call, both);
  for (const char* call : kMovingCalls)
    if (want(raw(call) + "/enter", call, {"cwd"})) want(raw(call) + "/exit", call, {"cwd"});
  config.points = points.size();
  // Patience before a point is dropped: about four seconds of a stalled reader (backoff doubles from 25 us to
  // 10 ms).
  nlohmann::json sink = {{"name", "remote"}, {"config", {{"endpoint", socket_path}, {"retries", 400}}}};
  config.json =
      nlohmann::json{{"trace_session", {{"name", "Default"}, {"points", points}, {"sinks", {sink}}}}}.dump();
  return config;
}

}  // namespace assay
