// Records as the Linux audit daemon and a host's logs would have them, for Sigma's rules that are written for
// these. One event becomes several audit records, as there: SYSCALL, and by what the call is EXECVE, CWD,
// PATH.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <initializer_list>
#include <iterator>

#include "common/paths.h"
#include "scheduler/score/event_facts.h"
#include "scheduler/score/observe.h"

namespace assay {
namespace {

constexpr size_t kMaxComm = 15, kMaxArguments = 200, kMaxArgument = 8192;
constexpr Field kArguments[] = {Field::a0,  Field::a1,  Field::a2,  Field::a3, Field::a4,  Field::a5,
                                Field::a6,  Field::a7,  Field::a8,  Field::a9, Field::a10, Field::a11,
                                Field::a12, Field::a13, Field::a14, Field::a15};

// What happens to the names of a call's first and second path.
struct Names {
  std::string_view call, first, second;
};
constexpr Names kNames[] = {
    {"unlink", "DELETE", ""},
    {"unlinkat", "DELETE", ""},
    {"rmdir", "DELETE", ""},
    {"rename", "DELETE", "CREATE"},
    {"renameat", "DELETE", "CREATE"},
    {"renameat2", "DELETE", "CREATE"},
    {"link", "NORMAL", "CREATE"},
    {"linkat", "NORMAL", "CREATE"},
    {"symlink", "", "CREATE"},
    {"symlinkat", "", "CREATE"},
    {"mkdir", "CREATE", ""},
    {"mkdirat", "CREATE", ""},
    {"mknod", "CREATE", ""},
    {"mknodat", "CREATE", ""},
    {"chmod", "NORMAL", ""},
    {"fchmodat", "NORMAL", ""},
    {"fchmodat2", "NORMAL", ""},
    {"chown", "NORMAL", ""},
    {"lchown", "NORMAL", ""},
    {"fchownat", "NORMAL", ""},
    {"truncate", "NORMAL", ""},
    {"utime", "NORMAL", ""},
    {"utimes", "NORMAL", ""},
    {"futimesat", "NORMAL", ""},
    {"utimensat", "NORMAL", ""},
    {"setxattr", "NORMAL", ""},
    {"lsetxattr", "NORMAL", ""},
    {"removexattr", "NORMAL", ""},
    {"execve", "NORMAL", ""},
    {"execveat", "NORMAL", ""},
    {"mount", "", "NORMAL"},
    {"umount2", "NORMAL", ""},
    {"swapon", "NORMAL", ""},
    {"acct", "NORMAL", ""},
    {"stat", "NORMAL", ""},
    {"lstat", "NORMAL", ""},
    {"newfstatat", "NORMAL", ""},
    {"statx", "NORMAL", ""},
    {"access", "NORMAL", ""},
    {"faccessat", "NORMAL", ""},
    {"faccessat2", "NORMAL", ""},
    {"readlink", "NORMAL", ""},
    {"readlinkat", "NORMAL", ""},
    {"chdir", "NORMAL", ""},
    {"chroot", "NORMAL", ""},
    {"open_tree", "NORMAL", ""},
    {"name_to_handle_at", "NORMAL", ""},
};

// Programs whose execution the widely used set of audit rules of Neo23x0/auditd marks with the key that
// Sigma's rule asks for.
constexpr std::string_view kSuspected[] = {
    "wget",     "curl",     "base64",   "nc",         "netcat",         "ncat",
    "ss",       "ssh",      "scp",      "netstat",    "sftp",           "ftp",
    "socat",    "nmap",     "uftp",     "tshark",     "wireshark",      "atftpd",
    "rawshark", "rdesktop", "in.tftpd", "nc.openbsd", "nc.traditional", "wlfreerdp",
    "xfreerdp"};

std::string hex(uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "%llx", static_cast<unsigned long long>(value));
  return text;
}

std::string_view key_of(const Event& e) {
  if (e.kind == EventKind::exec || e.kind == EventKind::start) {
    bool known =
        std::find(std::begin(kSuspected), std::end(kSuspected), base_name(e.path)) != std::end(kSuspected);
    return known ? "susp_activity" : "";
  }
  bool begun = e.error == 0 || e.error == EINPROGRESS;
  if (e.kind != EventKind::connect || !begun || e.dst_addr.empty()) return "";
  return e.dst_addr.find(':') == std::string::npos ? "network_connect_4" : "network_connect_6";
}

// The call's name; nothing for what is no system call.
std::string_view call_of(const Event& e) {
  switch (e.kind) {
    case EventKind::start:
    case EventKind::exec:
      return "execve";
    case EventKind::open:
    case EventKind::chdir:
    case EventKind::setid:
    case EventKind::dup:
    case EventKind::syscall:
      return e.call;
    case EventKind::connect:
      return "connect";
    case EventKind::bind:
      return "bind";
    case EventKind::listen:
      return "listen";
    case EventKind::accept:
      return e.call.empty() ? "accept" : e.call;
    case EventKind::socket:
      return "socket";
    default:
      return "";
  }
}

// Calls of which the guest's own events tell; the witness sees them as well.
bool is_told_twice(const Event& e) {
  constexpr std::string_view kCalls[] = {"open",   "openat",  "openat2", "creat",     "connect",   "bind",
                                         "accept", "accept4", "socket",  "chdir",     "fchdir",    "chroot",
                                         "setuid", "setgid",  "dup",     "setresuid", "setresgid", "dup2",
                                         "dup3",   "listen",  "execve"};
  return e.plane == Plane::host && e.kind == EventKind::syscall &&
         std::find(std::begin(kCalls), std::end(kCalls), e.call) != std::end(kCalls);
}

bool has_registers(const Event& e) {
  return e.kind == EventKind::syscall || e.kind == EventKind::socket || e.kind == EventKind::setid ||
         e.kind == EventKind::dup || e.kind == EventKind::listen;
}

std::string command_name(const Event& e) {
  bool executes = e.kind == EventKind::exec || e.kind == EventKind::start;
  return executes ? std::string(base_name(e.argv.empty() ? e.path : e.argv[0]).substr(0, kMaxComm)) : e.comm;
}

void tell_arguments(const Event& e, const Observer::Emit& emit) {
  Record record(Category::auditd);
  record.borrow(Field::type, "EXECVE");
  record.own(Field::argc, static_cast<uint64_t>(e.argv.size()));
  // Those beyond the last field that has a name are further values of it.
  for (size_t i = 0; i < e.argv.size() && i < kMaxArguments; ++i)
    record.borrow(kArguments[std::min(i, std::size(kArguments) - 1)],
                  std::string_view(e.argv[i]).substr(0, kMaxArgument));
  emit(record);
}

}  // namespace

void Observer::on_auditd(const Event& event, const Emit& emit) const {
  std::string_view call = call_of(event);
  if (call.empty() || is_told_twice(event) || tree_.is_our_exec(event)) return;
  size_t index = tree_.find(event.pid);
  Record record(Category::auditd);
  record.borrow(Field::type, "SYSCALL");
  record.borrow(Field::SYSCALL, call);
  for (size_t i = 0; has_registers(event) && i < 4; ++i) record.own(kArguments[i], hex(event.args[i]));
  if (event.pid > 0) record.own(Field::pid, static_cast<uint64_t>(event.pid));
  record.own(Field::comm, command_name(event));
  record.borrow(Field::auid, "4294967295");  // nobody logs in to a container
  if (index != ProcessTree::kNone) {
    const Proc& proc = tree_.at(index);
    record.borrow(Field::exe, proc.shown.path);
    record.own(Field::euid, static_cast<uint64_t>(proc.shown.uid));
    record.own(Field::ppid, static_cast<uint64_t>(std::max(proc.shown.parent, 0)));
  }
  record.borrow(Field::success, event.error == 0 ? "yes" : "no");
  record.own(Field::exit, std::to_string(event.error != 0 ? -event.error : event.result));
  record.borrow(Field::key, key_of(event));
  emit(record);
  bool executes = event.kind == EventKind::exec || event.kind == EventKind::start;
  if (executes) tell_arguments(event, emit);
  if (executes && !event.cwd.empty()) {
    Record directory(Category::auditd);
    directory.borrow(Field::type, "CWD");
    directory.borrow(Field::cwd, event.cwd);
    emit(directory);
  }
  tell_paths(event, call, emit);
}

void Observer::tell_paths(const Event& event, std::string_view call, const Emit& emit) const {
  auto tell = [&](const std::string& path, std::string_view what) {
    if (path.empty() || what.empty()) return;
    Record record(Category::auditd);
    record.borrow(Field::type, "PATH");
    std::string whole = tree_.absolute(event.pid, path);
    if (event.kind == EventKind::open && event.fd_path.starts_with("/") && event.fd_path != whole)
      record.borrow(Field::name, event.fd_path);
    record.own(Field::name, std::move(whole));
    record.borrow(Field::nametype, event.error == ENOENT ? "UNKNOWN" : what);
    emit(record);
  };
  if (event.kind == EventKind::open)
    return tell(event.path.empty() ? event.fd_path : event.path,
                opens_to_create(event) ? "CREATE" : "NORMAL");
  if (event.kind == EventKind::exec || event.kind == EventKind::start) return tell(event.path, "NORMAL");
  if (event.kind != EventKind::syscall && event.kind != EventKind::chdir) return;
  auto found =
      std::find_if(std::begin(kNames), std::end(kNames), [&](const Names& n) { return n.call == call; });
  if (found == std::end(kNames)) return;
  tell(event.path, found->first);
  tell(event.path2, found->second);
}

// What a shell's history, or a log of what was executed and printed, would have as a line.
void Observer::on_log(const Event& event, const Emit& emit) const {
  bool executes = event.kind == EventKind::exec || event.kind == EventKind::start;
  if (event.kind != EventKind::output && (!executes || tree_.is_our_exec(event))) return;
  Record record(Category::log);
  if (executes)
    record.own(Field::Data, command_line_of(event));
  else
    record.borrow(Field::Data, event.data);
  emit(record);
}

}  // namespace assay
