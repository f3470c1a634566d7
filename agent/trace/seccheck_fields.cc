// One fill() a message type. What the fields of an event mean stands in docs/events.md.
#include "agent/trace/seccheck_fields.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "agent/trace/sockaddr.h"
#include "agent/trace/syscalls.h"
#include "common/digest.h"
#include "common/paths.h"

namespace assay {
namespace {

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

// A path as the guest gave it, relative to `base`; the spelling stays in `data` where it differs.
void put_path(Event& e, const std::string& base, const std::string& given) {
  std::string text = bounded(given, kMaxPathBytes, e);
  e.path = resolve_path(base, text);
  if (e.path != text) e.data = text;
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

}  // namespace

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

void fill(Event& e, const seccheck::Start& m) {
  e.kind = EventKind::start;
  e.argv = bounded_list(m.args(), e);
  e.env = bounded_list(m.env(), e);
  e.cwd = bounded(m.cwd(), kMaxPathBytes, e);
  if (!e.argv.empty())
    e.path = e.argv[0].find('/') == std::string::npos ? e.argv[0] : resolve_path(e.cwd, e.argv[0]);
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
    e.path = resolve_path(address.path.starts_with('@') ? "" : e.cwd, address.path);
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
    if (m.exit().errorno() == 0 && !e.cwd.empty()) {
      if (e.data.empty()) e.data = e.path;
      e.path = e.cwd;
    }
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

// The registers would tell where the descriptors were written to; these are the descriptors.
void fill(Event& e, const seccheck::Pipe& m) {
  e.kind = EventKind::syscall;
  e.args = {static_cast<uint32_t>(m.reader()), static_cast<uint32_t>(m.writer()), m.flags()};
}

void fill(Event& e, const seccheck::SocketPair& m) {
  e.kind = EventKind::syscall;
  e.args = {static_cast<uint32_t>(m.first()), static_cast<uint32_t>(m.second()),
            static_cast<uint32_t>(m.type()), static_cast<uint32_t>(m.domain())};
}

}  // namespace assay
