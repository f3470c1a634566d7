// Half of the process tree: which descriptors are sockets to whom, and who wrote which file.
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "common/paths.h"
#include "scheduler/score/process_tree.h"

namespace assay {
namespace {

bool is_internet(const Event& e) {
  return e.proto == "tcp" || e.proto == "udp" || e.args[0] == AF_INET || e.args[0] == AF_INET6;
}

bool succeeded(const Event& e) { return e.error == 0 && e.result >= 0; }

}  // namespace

void ProcessTree::set_socket(Proc& proc, int32_t fd, SocketFd socket) {
  if (fd < 0 || (proc.sockets.size() >= kMaxSockets && !proc.sockets.contains(fd))) return;
  proc.sockets[fd] = std::move(socket);
}

void ProcessTree::on_descriptor(const Event& e, Proc& proc) {
  if (e.kind == EventKind::socket) {
    if (!succeeded(e)) return;
    auto fd = static_cast<int32_t>(e.result);
    proc.sockets.erase(fd);
    if (is_internet(e)) set_socket(proc, fd, {e.proto, "", 0, false, true, (e.args[1] & SOCK_CLOEXEC) != 0});
  } else if (e.kind == EventKind::connect) {
    if (e.proto == "unix" || e.dst_addr.empty()) return;
    bool begun = e.error == 0 || e.error == EINPROGRESS || e.error == EINTR;
    auto found = proc.sockets.find(e.fd);
    bool cloexec = found != proc.sockets.end() && found->second.close_on_exec;
    if (begun) set_socket(proc, e.fd, {e.proto, e.dst_addr, e.dst_port, true, true, cloexec});
    if (is_remote(e.dst_addr) && e.dst_port != 53 && e.dst_port != 0) proc.connected = true;
  } else if (succeeded(e)) {
    auto fd = static_cast<int32_t>(e.result);
    proc.sockets.erase(fd);
    bool internet = !e.dst_addr.empty() || proc.sockets.contains(e.fd);
    if (internet)
      set_socket(proc, fd, {e.proto, e.dst_addr, e.dst_port, true, false, (e.args[3] & SOCK_CLOEXEC) != 0});
  }
}

void ProcessTree::on_dup(const Event& e, Proc& proc) {
  if (!succeeded(e)) return;
  auto to = static_cast<int32_t>(e.result);
  if (to == e.fd) return;
  // What the kernel says the descriptor is outweighs our own book: we do not see every close.
  bool veto = !e.fd_path.empty() && !e.fd_path.starts_with("socket:");
  if (veto) proc.sockets.erase(e.fd);
  auto from = proc.sockets.find(e.fd);
  if (from == proc.sockets.end()) {
    proc.sockets.erase(to);
    return;
  }
  SocketFd copy = from->second;
  copy.close_on_exec = e.call == "dup3" && (e.args[2] & O_CLOEXEC) != 0;
  set_socket(proc, to, std::move(copy));
}

void ProcessTree::on_open(const Event& e, size_t index) {
  Proc& proc = procs_[index];
  if (!succeeded(e)) return;
  proc.sockets.erase(static_cast<int32_t>(e.result));
  if (!opens_for_write(e)) return;
  std::string path = e.fd_path.starts_with("/") ? e.fd_path : resolve_path(proc.cwd, e.path);
  if (path.empty() || path.starts_with("/dev/") || path.starts_with("/proc/")) return;
  auto found = writers_.find(path);
  if (found == writers_.end() && writers_.size() >= kMaxWriters) return;
  auto& writer = writers_[path];
  writer.process = index;
  writer.image = proc.shown.path;
  writer.created = writer.created || opens_to_create(e);
}

}  // namespace assay
