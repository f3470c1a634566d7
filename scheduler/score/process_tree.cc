// Processes and their descriptors, event by event.
#include "scheduler/score/process_tree.h"

#include <algorithm>

#include "common/paths.h"
#include "common/starter.h"
#include "scheduler/score/layers.h"

namespace assay {
namespace {

constexpr size_t kMaxCommandLine = 4096;
constexpr size_t kMaxArgs = 256;

// Argument lists can be megabytes; a process keeps a bounded copy.
std::vector<std::string> bounded(const std::vector<std::string>& argv) {
  std::vector<std::string> out;
  size_t bytes = 0;
  for (const auto& arg : argv) {
    if (out.size() >= kMaxArgs || bytes >= kMaxCommandLine) break;
    out.push_back(arg.substr(0, kMaxCommandLine - bytes));
    bytes += out.back().size();
  }
  return out;
}

// The arguments, not event.uid: that may be from before the call. setuid(uid), setreuid(ruid, euid),
// setresuid(ruid, euid, suid).
void on_setid(const Event& e, Proc& proc) {
  constexpr auto kKeep = UINT32_MAX;
  if (e.error != 0 || e.result != 0) return;
  auto uid = static_cast<uint32_t>(e.call == "setuid" ? e.args[0] : e.args[1]);
  bool effective = e.call == "setuid" || e.call == "setreuid" || e.call == "setresuid";
  if (effective && uid != kKeep) proc.shown.uid = uid;
}

}  // namespace

size_t ProcessTree::find(int32_t pid) const {
  if (pid <= 0) return kNone;
  auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? kNone : found->second;
}

size_t ProcessTree::create(int32_t pid, size_t parent, int64_t time_ns) {
  if (procs_.size() >= kMaxProcesses) {
    ++left_out_;
    by_pid_.erase(pid);  // its predecessor with this pid is gone
    return kNone;
  }
  Proc proc;
  if (parent != kNone) {
    const Proc& from = procs_[parent];
    proc.shown = from.shown;
    proc.cwd = from.cwd;
    proc.command_line = from.command_line;
    for (const auto& [fd, socket] : from.sockets)
      if (proc.sockets.size() < kInheritedSockets) proc.sockets.emplace(fd, socket);
    proc.connected = from.connected;
    proc.script = from.script;
    proc.script_origin = from.script_origin;
    proc.script_path = from.script_path;
    proc.interpreter = from.interpreter;
    proc.by_package_manager = from.by_package_manager;
    proc.script_layer = from.script_layer;
    proc.shown.parent = from.shown.pid;
    proc.starter = from.starter;
    proc.provoked = from.provoked;
  }
  proc.shown.pid = pid;
  proc.shown.start_ns = time_ns;
  proc.shown.end_ns = -1;
  proc.shown.exit_status = -1;
  proc.shown.execs = 0;
  proc.shown.provoked = false;
  proc.shown.earlier.clear();
  proc.executed = parent == kNone;
  proc.parent = parent;
  size_t index = procs_.size();
  procs_.push_back(std::move(proc));
  by_pid_[pid] = index;
  if (parent != kNone) {
    auto& children = procs_[parent].children;
    if (children.size() >= kKeptChildren) children.erase(children.begin());
    children.push_back(index);
    inherit_pipes(parent, index);
  }
  return index;
}

// An event can come from a process whose clone was lost: it then stands without a parent rather than not at
// all.
size_t ProcessTree::process_for(const Event& event) {
  size_t index = find(event.pid);
  if (index == kNone && event.kind != EventKind::exit) index = create(event.pid, kNone, event.time_ns);
  if (index == kNone) return kNone;
  Proc& proc = procs_[index];
  if (proc.shown.path.empty() && proc.command_line.empty() && !event.comm.empty())
    proc.command_line = event.comm;
  if (!event.cwd.empty()) proc.cwd = event.cwd;
  return index;
}

void ProcessTree::add(const Event& event) {
  if (event.pid <= 0 || event.plane != Plane::guest || event.source == Source::harvest) return;
  if (event.kind == EventKind::provoke)
    return;  // our word on a process, by a pid that the guest may have made up
  switch (event.kind) {
    case EventKind::start:
    case EventKind::exec:
      return on_image(event);
    case EventKind::clone:
      return on_clone(event);
    case EventKind::exit:
      return on_exit(event);
    default:
      break;
  }
  size_t index = process_for(event);
  if (index == kNone) return;
  Proc& proc = procs_[index];
  if (event.kind == EventKind::setid)
    on_setid(event, proc);
  else if (event.uid != 0)
    proc.shown.uid = event.uid;
  switch (event.kind) {
    case EventKind::open:
      return on_open(event, index);
    case EventKind::chdir:
      if (event.call != "chroot" && event.error == 0 && !event.path.empty())
        proc.cwd = resolve_path(proc.cwd, event.path);
      return;
    case EventKind::socket:
    case EventKind::connect:
    case EventKind::accept:
      return on_descriptor(event, proc);
    case EventKind::dup:
      on_dup(event, proc);
      return dup_pipe(event, index);
    case EventKind::syscall:
      if (event.call == "close")
        proc.sockets.erase(event.fd >= 0 ? event.fd : static_cast<int32_t>(event.args[0]));
      else if (event.call == "pipe" || event.call == "pipe2" || event.call == "socketpair")
        on_pipe(event, index);
      else
        on_made(event, index);
      return;
    default:
      return;
  }
}

// A container that is started again is another one: its pids begin anew, and nothing of the last one still
// runs.
void ProcessTree::on_start(const Event& event) {
  if (started_) {
    by_pid_.clear();
    pipe_names_.clear();
  } else {
    root_image_ = event.path;
  }
  started_ = true;
}

void ProcessTree::on_image(const Event& event) {
  if (event.kind == EventKind::start) on_start(event);
  size_t index = event.kind == EventKind::start && find(event.pid) == kNone
                     ? create(event.pid, kNone, event.time_ns)
                     : process_for(event);
  if (index == kNone) return;
  Proc& proc = procs_[index];
  auto& shown = proc.shown;
  // Genuine is what the runtime started: a guest that executes our program, to pass its deeds off as ours,
  // has a parent, or was something else before.
  bool genuine = has_starter_ && event.path == kStarterPath &&
                 (proc.starter || (proc.parent == kNone && shown.path.empty()));
  remember_earlier(index, event.path);
  if (proc.starter && !genuine) {
    proc.provoked = shown.provoked = true;
    shown.parent = 0;
  }
  proc.starter = genuine;
  if (event.kind == EventKind::start && !genuine) root_ = index;
  shown.path = event.path;
  shown.argv = bounded(event.argv);
  shown.sha256 = event.sha256;
  shown.origin = event.origin;
  shown.package = event.package;
  shown.package_state = event.package_state;
  shown.layer = event.layer;
  proc.script_layer = event.script_layer;
  shown.uid = event.uid;
  if (event.kind == EventKind::exec) ++shown.execs;
  if (!event.cwd.empty()) proc.cwd = event.cwd;
  proc.command_line = join_command(shown.argv);
  proc.connected = false;
  for (auto it = proc.sockets.begin(); it != proc.sockets.end();)
    it = it->second.close_on_exec ? proc.sockets.erase(it) : std::next(it);
  for (auto it = proc.pipes.begin(); it != proc.pipes.end();)
    it = it->second.close_on_exec ? proc.pipes.erase(it) : std::next(it);
  proc.executed = true;
  find_script(proc);
  find_package_manager(proc);
}

// Who executes one program to be another shows the last one alone. A parent's program is none of its child's.
void ProcessTree::remember_earlier(size_t index, const std::string& next) {
  Proc& proc = procs_[index];
  Process& shown = proc.shown;
  bool own = proc.executed && !proc.starter && !shown.path.empty() && shown.path != next;
  if (own && shown.earlier.size() < Process::kMaxEarlier)
    shown.earlier.push_back({shown.path, bringing_layer(*this, index)});
}

std::string ProcessTree::absolute(int32_t pid, std::string_view path) const {
  size_t index = find(pid);
  return resolve_path(index == kNone ? std::string_view() : procs_[index].cwd, path);
}

std::string_view ProcessTree::root_package() const {
  if (root_ == kNone) return {};
  const Proc& root = procs_[root_];
  bool known = !root.interpreter && root.shown.package_state == "unchanged";
  return known ? std::string_view(root.shown.package) : std::string_view();
}

bool ProcessTree::is_starter(int32_t pid) const {
  size_t index = find(pid);
  return index != kNone && procs_[index].starter;
}

bool ProcessTree::is_our_exec(const Event& event) const {
  if (event.kind != EventKind::exec) return false;
  size_t index = find(event.pid);
  return index != kNone &&
         (procs_[index].starter || (procs_[index].shown.provoked && procs_[index].shown.execs == 1));
}

void ProcessTree::on_clone(const Event& event) {
  size_t parent = process_for(event);
  if (parent == kNone) return;
  if (event.child_pid == event.pid) return;  // a thread
  size_t child = find(event.child_pid);
  // The child's first event may have come before its parent's clone.
  bool orphan = child != kNone && procs_[child].parent == kNone && procs_[child].shown.end_ns < 0 &&
                child != 0 && event.time_ns - procs_[child].shown.start_ns < 1'000'000'000;
  if (!orphan) {
    create(event.child_pid, parent, event.time_ns);
    return;
  }
  for (size_t up = parent; up != kNone; up = procs_[up].parent)
    if (up == child) return;  // hostile or damaged: never a circle
  procs_[child].parent = parent;
  procs_[child].shown.parent = event.pid;
  procs_[child].by_package_manager = procs_[child].by_package_manager || procs_[parent].by_package_manager;
  auto& children = procs_[parent].children;
  if (children.size() >= kKeptChildren) children.erase(children.begin());
  children.push_back(child);
}

void ProcessTree::on_exit(const Event& event) {
  size_t index = find(event.pid);
  if (index == kNone) return;
  if (event.tid != 0 && event.tid != event.pid) return;  // a thread
  Proc& proc = procs_[index];
  proc.shown.exit_status = static_cast<int32_t>(event.result);
  proc.shown.end_ns = event.time_ns;
  proc.sockets.clear();
}

std::vector<size_t> ProcessTree::ancestors(size_t index, size_t limit) const {
  std::vector<size_t> out;
  for (size_t up = procs_[index].parent; up != kNone && out.size() < limit; up = procs_[up].parent)
    out.push_back(up);
  return out;
}

size_t ProcessTree::size() const {
  return procs_.size() - static_cast<size_t>(std::count_if(procs_.begin(), procs_.end(),
                                                           [](const Proc& proc) { return proc.starter; }));
}

std::vector<Process> ProcessTree::processes(size_t limit) const {
  std::vector<Process> out;
  for (size_t i = 0; i < procs_.size() && out.size() < limit; ++i)
    if (!procs_[i].starter) {
      out.push_back(procs_[i].shown);
      out.back().brought_by = bringing_layer(*this, i);
      if (procs_[i].interpreter) out.back().script = procs_[i].script_path;
    }
  return out;
}

}  // namespace assay
