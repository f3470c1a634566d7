// Which message is which, and what has to be remembered from one message to the next. The fields:
// seccheck_fields.
#include "agent/trace/seccheck_decode.h"

#include "agent/trace/seccheck_fields.h"
#include "agent/trace/syscalls.h"
#include "schema/seccheck.pb.h"

namespace assay {
namespace {

constexpr size_t kMaxSockets = 64 * 1024;

Event fresh() {
  Event e;
  e.plane = Plane::guest;
  e.source = Source::seccheck;
  return e;
}

// For messages about a process: without result or call number.
template <class M>
std::optional<Event> decode_as(Tasks& tasks, std::string_view payload) {
  M m;
  if (!m.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return {};
  Event e = fresh();
  put_context(e, m.context());
  tasks.settle(e);
  fill(e, m);
  return e;
}

// For system calls; `fill_args` are further arguments of fill(). `enter`: the message had no result.
template <class M, class... Args>
std::optional<Event> decode_call(Tasks& tasks, std::string_view payload, bool& enter, Args... fill_args) {
  M m;
  if (!m.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return {};
  Event e = fresh();
  put_context(e, m.context());
  tasks.settle(e);
  e.call = syscall_name(m.sysno());
  fill(e, m, fill_args...);
  put_exit(e, m.exit());
  enter = !m.has_exit();
  return e;
}

uint64_t socket_key(int32_t pid, int64_t fd) {
  return static_cast<uint64_t>(static_cast<uint32_t>(pid)) << 32 | static_cast<uint32_t>(fd);
}

std::optional<Event> decode_any(Tasks& tasks, SeccheckType type, std::string_view payload, bool& enter) {
  switch (type) {
    case SeccheckType::start:
      return decode_as<seccheck::Start>(tasks, payload);
    case SeccheckType::clone:
      return decode_as<seccheck::CloneInfo>(tasks, payload);
    case SeccheckType::exec:
      return decode_as<seccheck::ExecveInfo>(tasks, payload);
    case SeccheckType::exit_notify:
    case SeccheckType::task_exit:
      return decode_as<seccheck::TaskExit>(tasks, payload);
    case SeccheckType::raw:
      return decode_call<seccheck::Raw>(tasks, payload, enter);
    case SeccheckType::open:
      return decode_call<seccheck::Open>(tasks, payload, enter);
    case SeccheckType::connect:
    case SeccheckType::bind:
    case SeccheckType::accept:
      return decode_call<seccheck::Address>(tasks, payload, enter, type);
    case SeccheckType::socket:
      return decode_call<seccheck::Socket>(tasks, payload, enter);
    case SeccheckType::chdir:
      return decode_call<seccheck::Chdir>(tasks, payload, enter);
    case SeccheckType::chroot:
      return decode_call<seccheck::Chroot>(tasks, payload, enter);
    case SeccheckType::setid:
      return decode_call<seccheck::Setid>(tasks, payload, enter);
    case SeccheckType::setresid:
      return decode_call<seccheck::Setresid>(tasks, payload, enter);
    case SeccheckType::dup:
      return decode_call<seccheck::Dup>(tasks, payload, enter);
    case SeccheckType::pipe:
      return decode_call<seccheck::Pipe>(tasks, payload, enter);
    case SeccheckType::socketpair:
      return decode_call<seccheck::SocketPair>(tasks, payload, enter);
  }
  return {};
}

}  // namespace

void SeccheckDecoder::remember_socket(int32_t pid, int64_t fd, const std::string& proto) {
  if (proto.empty() || fd < 0) return;
  if (sockets_.size() >= kMaxSockets) sockets_.clear();
  sockets_[socket_key(pid, fd)] = proto;
}

std::string SeccheckDecoder::socket_proto(int32_t pid, int64_t fd) const {
  // Descriptors are inherited over fork: ask the ancestors, a bounded number of them (a hostile Sentry may
  // report a cycle).
  for (int depth = 0; depth < 16; ++depth) {
    auto found = sockets_.find(socket_key(pid, fd));
    if (found != sockets_.end()) return found->second;
    auto parent = parents_.find(pid);
    if (parent == parents_.end()) break;
    pid = parent->second;
  }
  return "";
}

// Its own point comes before the return of the call.
void SeccheckDecoder::after_execve(Event& e) {
  entering_.erase(e.tid);
  if (e.error != 0 || executed_.erase(e.pid) > 0) return;
  e.kind = EventKind::exec;
}

// What one message teaches about later ones.
void SeccheckDecoder::after_decode(Event& e) {
  switch (e.kind) {
    case EventKind::start:
      init_pid_ = e.pid;
      entering_.clear();
      executed_.clear();
      sockets_.clear();  // of a scan's next sandbox, whose processes count from one again
      parents_.clear();
      break;
    case EventKind::clone:
      if (parents_.size() >= kMaxSockets) parents_.clear();
      if (e.child_pid != e.pid) parents_[e.child_pid] = e.pid;
      break;
    case EventKind::exec:
      if (e.path.empty()) break;
      if (auto begun = entering_.find(e.tid); begun != entering_.end()) e.args = begun->second;
      if (executed_.size() < kMaxSockets) executed_.insert(e.pid);
      break;
    case EventKind::exit:
      tasks_.forget(e.pid);
      entering_.erase(e.pid);
      executed_.erase(e.pid);
      break;
    case EventKind::socket:
      if (e.error == 0) remember_socket(e.pid, e.result, e.proto);
      break;
    case EventKind::dup:
      if (e.error == 0) remember_socket(e.pid, e.result, socket_proto(e.pid, e.fd));
      break;
    case EventKind::connect:
    case EventKind::bind:
    case EventKind::accept:
    case EventKind::listen:
      if (e.proto.empty()) e.proto = socket_proto(e.pid, e.fd);
      if (e.kind == EventKind::accept && e.error == 0) remember_socket(e.pid, e.result, e.proto);
      break;
    default:
      break;
  }
}

Result<std::optional<Event>> SeccheckDecoder::decode(uint16_t type, std::string_view payload) {
  bool enter = false;
  auto event = decode_any(tasks_, static_cast<SeccheckType>(type), payload, enter);
  if (!event)
    return Error{Errc::corrupt, "seccheck message of type " + std::to_string(type) + " cannot be decoded"};
  // Of raw calls that we take both halves of, the exit tells all; of those sent often we take the enter
  // alone.
  bool raw = static_cast<SeccheckType>(type) == SeccheckType::raw;
  bool executes = raw && (event->call == "execve" || event->call == "execveat");
  if (enter && executes && entering_.size() < kMaxSockets) entering_[event->tid] = event->args;
  if (enter && !event->call.starts_with("send")) return std::optional<Event>();
  if (raw && (event->call == "chdir" || event->call == "fchdir")) return std::optional<Event>();
  if (executes) after_execve(*event);
  if (static_cast<SeccheckType>(type) == SeccheckType::task_exit && event->tid != event->pid)
    tasks_.forget(event->tid);
  // gVisor sends exit_notify_parent for every process but the first, whose end shows in task_exit alone.
  if (static_cast<SeccheckType>(type) == SeccheckType::task_exit &&
      (event->pid != init_pid_ || event->tid != event->pid))
    return std::optional<Event>();
  if (static_cast<SeccheckType>(type) == SeccheckType::exit_notify && event->pid == init_pid_)
    return std::optional<Event>();
  tasks_.learn(*event);
  after_decode(*event);
  return event;
}

}  // namespace assay
