// Field by field from protobuf to Event, one function a message type. What the fields mean stands in
// docs/events.md.
#include "agent/trace/seccheck_decode.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "agent/trace/paths.h"
#include "agent/trace/sockaddr.h"
#include "agent/trace/syscalls.h"
#include "common/digest.h"
#include "schema/seccheck.pb.h"

namespace assay {
namespace {

constexpr size_t kMaxSockets = 64 * 1024;

std::string bounded(const std::string& text, size_t limit, Event& e) {
  if (text.size() <= limit) return text;
  e.truncated += text.size() - limit;
  return text.substr(0, limit);
}

template <class Repeated>
std::vector<std::string> bounded_list(const Repeated& items, Event& e) {
  std::vector<std::string> out;
  size_t bytes = 0;
  for (const auto& item : items) {
    if (out.size() >= kMaxItems || bytes >= kMaxListBytes) {
      e.truncated += item.size() + 1;
      continue;
    }
    out.push_back(bounded(item, kMaxItemBytes, e));
    bytes += out.back().size();
  }
  return out;
}

void put_context(Event& e, const seccheck::Context& c) {
  e.time_ns = c.time_ns();
  e.pid = c.thread_group_id();
  e.tid = c.thread_id();
  e.uid = c.credentials().effective_uid();
  e.gid = c.credentials().effective_gid();
  e.cwd = bounded(c.cwd(), kMaxPathBytes, e);
  e.comm = bounded(c.process_name(), 64, e);
}

void put_exit(Event& e, const seccheck::Exit& exit) {
  e.error = static_cast<int32_t>(exit.errorno());
  e.result = e.error != 0 ? -1 : exit.result();
}

// A path as the guest gave it, relative to `base`; the spelling stays in `data` where it differs.
void put_path(Event& e, const std::string& base, const std::string& given) {
  std::string text = bounded(given, kMaxPathBytes, e);
  e.path = absolute_path(base, text);
  if (e.path != text) e.data = text;
}

void fill(Event& e, const seccheck::Start& m) {
  e.kind = EventKind::start;
  e.argv = bounded_list(m.args(), e);
  e.env = bounded_list(m.env(), e);
  e.cwd = bounded(m.cwd(), kMaxPathBytes, e);
  if (!e.argv.empty())
    e.path = e.argv[0].find('/') == std::string::npos ? e.argv[0] : absolute_path(e.cwd, e.argv[0]);
}

void fill(Event& e, const seccheck::ExecveInfo& m) {
  e.kind = EventKind::exec;
  e.call = "execve";
  put_path(e, e.cwd, m.binary_path());
  e.argv = bounded_list(m.argv(), e);
  e.env = bounded_list(m.env(), e);
  e.mode = m.binary_mode();
  if (m.binary_sha256().size() == 32) e.sha256 = to_hex(m.binary_sha256());
}

void fill(Event& e, const seccheck::CloneInfo& m) {
  e.kind = EventKind::clone;
  e.child_tid = m.created_thread_id();
  e.child_pid = m.created_thread_group_id();
  e.flags = m.flags();
}

void fill(Event& e, const seccheck::TaskExit& m) {
  e.kind = EventKind::exit;
  int status = m.exit_status();
  e.result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void fill(Event& e, const seccheck::Raw& m) {
  e.kind = EventKind::syscall;
  e.call = syscall_name(m.sysno());
  e.args = {m.arg1(), m.arg2(), m.arg3(), m.arg4(), m.arg5(), m.arg6()};
  auto fd = static_cast<int32_t>(m.arg1());
  if (e.call == "chmod" || e.call == "fchmod" || e.call == "mkdir" || e.call == "mknod")
    e.mode = static_cast<uint32_t>(m.arg2());
  if (e.call == "fchmodat" || e.call == "mkdirat" || e.call == "mknodat")
    e.mode = static_cast<uint32_t>(m.arg3());
  if (e.call.starts_with("f") && !e.call.ends_with("at") && !e.call.starts_with("fs"))
    e.fd = fd;  // fchmod, fchown
  if (e.call.starts_with("send")) e.fd = fd;
  if (e.call == "listen") {
    e.kind = EventKind::listen;
    e.fd = fd;
  } else if (e.call == "openat2") {
    e.kind = EventKind::open;
    e.fd = fd;
  } else if (e.call.starts_with("set") && (e.call.ends_with("id") || e.call == "setgroups") &&
             e.call != "setsid") {
    e.kind = EventKind::setid;
  }
}

void fill(Event& e, const seccheck::Open& m) {
  e.kind = EventKind::open;
  e.fd = static_cast<int32_t>(m.fd());
  e.flags = m.flags();
  if (m.flags() & O_CREAT) e.mode = m.mode();
  put_path(e, e.fd == AT_FDCWD ? e.cwd : m.fd_path(), m.pathname());
  if (m.exit().errorno() == 0) e.fd_path = e.path;
}

void fill(Event& e, const seccheck::Address& m, SeccheckType type) {
  auto address = parse_sockaddr(m.address());
  e.fd = static_cast<int32_t>(m.fd());
  e.fd_path = bounded(m.fd_path(), kMaxPathBytes, e);
  if (type == SeccheckType::bind) {
    e.kind = EventKind::bind;
    e.src_addr = address.addr;
    e.src_port = address.port;
  } else {
    e.kind = type == SeccheckType::connect ? EventKind::connect : EventKind::accept;
    e.dst_addr = address.addr;
    e.dst_port = address.port;
    e.flags = static_cast<uint32_t>(m.flags());
  }
  if (address.family == "unix" || address.family == "netlink" || address.family == "packet")
    e.proto = address.family;
  if (address.family == "unix")
    e.path = absolute_path(address.path.starts_with('@') ? "" : e.cwd, address.path);
}

std::string protocol_name(int domain, int type, int protocol) {
  if (domain == AF_UNIX) return "unix";
  if (domain == AF_NETLINK) return "netlink";
  if (domain == AF_PACKET) return "packet";
  if (domain != AF_INET && domain != AF_INET6) return "";
  type &= 0xf;  // without SOCK_CLOEXEC, SOCK_NONBLOCK
  if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6) return "icmp";
  if (type == SOCK_STREAM) return "tcp";
  if (type == SOCK_DGRAM) return "udp";
  return type == SOCK_RAW ? "raw" : "";
}

void fill(Event& e, const seccheck::Socket& m) {
  e.kind = EventKind::socket;
  e.args = {static_cast<uint32_t>(m.domain()), static_cast<uint32_t>(m.type()),
            static_cast<uint32_t>(m.protocol())};
  e.proto = protocol_name(m.domain(), m.type(), m.protocol());
}

void fill(Event& e, const seccheck::Chdir& m) {
  e.kind = EventKind::chdir;
  e.fd = static_cast<int32_t>(m.fd());
  e.fd_path = bounded(m.fd_path(), kMaxPathBytes, e);
  if (m.pathname().empty() && e.fd != AT_FDCWD) {
    e.path = e.fd_path;  // fchdir
  } else {
    put_path(e, e.cwd, m.pathname());
    // The context is from after the call: where it went is known, links resolved, and `cwd` is no base for
    // the relative path.
    if (m.exit().errorno() == 0 && !e.cwd.empty()) e.path = e.cwd;
    if (e.path == e.data) e.data.clear();
  }
}

void fill(Event& e, const seccheck::Chroot& m) {
  e.kind = EventKind::chdir;
  put_path(e, e.cwd, m.pathname());
}

void fill(Event& e, const seccheck::Setid& m) {
  e.kind = EventKind::setid;
  e.args[0] = m.id();
}

void fill(Event& e, const seccheck::Setresid& m) {
  e.kind = EventKind::setid;
  e.args = {m.rid(), m.eid(), m.sid()};
}

void fill(Event& e, const seccheck::Dup& m) {
  e.kind = EventKind::dup;
  e.fd = m.old_fd();
  e.fd_path = bounded(m.fd_path(), kMaxPathBytes, e);
  e.flags = m.flags();
  e.args = {static_cast<uint64_t>(m.old_fd()), static_cast<uint64_t>(m.new_fd()), m.flags()};
}

Event fresh() {
  Event e;
  e.plane = Plane::guest;
  e.source = Source::seccheck;
  return e;
}

// For messages about a process: without result or call number.
template <class M>
std::optional<Event> decode_as(std::string_view payload) {
  M m;
  if (!m.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return {};
  Event e = fresh();
  put_context(e, m.context());
  fill(e, m);
  return e;
}

// For system calls; `fill_args` are further arguments of fill(). `enter`: the message had no result.
template <class M, class... Args>
std::optional<Event> decode_call(std::string_view payload, bool& enter, Args... fill_args) {
  M m;
  if (!m.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return {};
  Event e = fresh();
  put_context(e, m.context());
  e.call = syscall_name(m.sysno());
  fill(e, m, fill_args...);
  put_exit(e, m.exit());
  enter = !m.has_exit();
  return e;
}

uint64_t socket_key(int32_t pid, int64_t fd) {
  return static_cast<uint64_t>(static_cast<uint32_t>(pid)) << 32 | static_cast<uint32_t>(fd);
}

std::optional<Event> decode_any(SeccheckType type, std::string_view payload, bool& enter) {
  switch (type) {
    case SeccheckType::start:
      return decode_as<seccheck::Start>(payload);
    case SeccheckType::clone:
      return decode_as<seccheck::CloneInfo>(payload);
    case SeccheckType::exec:
      return decode_as<seccheck::ExecveInfo>(payload);
    case SeccheckType::exit_notify:
    case SeccheckType::task_exit:
      return decode_as<seccheck::TaskExit>(payload);
    case SeccheckType::raw:
      return decode_call<seccheck::Raw>(payload, enter);
    case SeccheckType::open:
      return decode_call<seccheck::Open>(payload, enter);
    case SeccheckType::connect:
    case SeccheckType::bind:
    case SeccheckType::accept:
      return decode_call<seccheck::Address>(payload, enter, type);
    case SeccheckType::socket:
      return decode_call<seccheck::Socket>(payload, enter);
    case SeccheckType::chdir:
      return decode_call<seccheck::Chdir>(payload, enter);
    case SeccheckType::chroot:
      return decode_call<seccheck::Chroot>(payload, enter);
    case SeccheckType::setid:
      return decode_call<seccheck::Setid>(payload, enter);
    case SeccheckType::setresid:
      return decode_call<seccheck::Setresid>(payload, enter);
    case SeccheckType::dup:
      return decode_call<seccheck::Dup>(payload, enter);
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

// What one message teaches about later ones.
void SeccheckDecoder::after_decode(Event& e) {
  switch (e.kind) {
    case EventKind::start:
      init_pid_ = e.pid;
      break;
    case EventKind::clone:
      if (parents_.size() >= kMaxSockets) parents_.clear();
      if (e.child_pid != e.pid) parents_[e.child_pid] = e.pid;
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
  auto event = decode_any(static_cast<SeccheckType>(type), payload, enter);
  if (!event)
    return Error{Errc::corrupt, "seccheck message of type " + std::to_string(type) + " cannot be decoded"};
  if (enter) return std::optional<Event>();
  // gVisor sends exit_notify_parent for every process but the first, whose end shows in task_exit alone.
  if (static_cast<SeccheckType>(type) == SeccheckType::task_exit &&
      (event->pid != init_pid_ || event->tid != event->pid))
    return std::optional<Event>();
  if (static_cast<SeccheckType>(type) == SeccheckType::exit_notify && event->pid == init_pid_)
    return std::optional<Event>();
  after_decode(*event);
  return event;
}

}  // namespace assay
