// A third of the process tree: which descriptors are sockets to whom, and who wrote or made which file.
#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <iterator>
#include <utility>

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
    proc.pipes.erase(fd);
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
    proc.pipes.erase(fd);
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
  proc.pipes.erase(static_cast<int32_t>(e.result));
  if (!opens_for_write(e)) return;
  std::string path = e.fd_path.starts_with("/") ? e.fd_path : resolve_path(proc.cwd, e.path);
  FileWriter* writer = write(path, index);
  if (writer != nullptr) writer->created = writer->created || opens_to_create(e);
}

FileWriter* ProcessTree::write(const std::string& path, size_t index) {
  constexpr size_t kKeptCommandLine = 256;
  if (path.empty() || path.starts_with("/dev/") || path.starts_with("/proc/")) return nullptr;
  auto found = writers_.find(path);
  if (found == writers_.end() && writers_.size() >= kMaxWriters) return nullptr;
  if (found == writers_.end()) found = writers_.emplace(path, FileWriter{}).first;
  FileWriter& writer = found->second;
  writer.process = index;
  writer.image = procs_[index].shown.path;
  writer.command_line = procs_[index].command_line.substr(0, kKeptCommandLine);
  writer.by_package_manager = procs_[index].by_package_manager;
  return &writer;
}

const FileWriter* ProcessTree::writer_of(const std::string& path) const {
  auto found = writers_.find(path);
  return found == writers_.end() ? nullptr : &found->second;
}

const FileWriter* ProcessTree::writer_of_left(const std::string& path) const {
  static constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
      {"/usr/bin/", "/bin/"},     {"/usr/sbin/", "/sbin/"}, {"/usr/lib/", "/lib/"},
      {"/usr/lib64/", "/lib64/"}, {"/run/", "/var/run/"},   {"/run/lock/", "/var/lock/"},
  };
  const FileWriter* writer = writer_of(path);
  for (size_t i = 0; writer == nullptr && i < std::size(kAliases); ++i) {
    const auto& [real, alias] = kAliases[i];
    if (path.starts_with(real)) writer = writer_of(std::string(alias) + path.substr(real.size()));
  }
  // dpkg writes beside the target, then renames; that rename's names were often not seen.
  return writer != nullptr ? writer : writer_of(path + ".dpkg-new");
}

// By other calls than open. Where their names were not seen they are empty.
void ProcessTree::on_made(const Event& e, size_t index) {
  if (!succeeded(e)) return;
  const std::string& cwd = procs_[index].cwd;
  bool by_first = e.call == "mkdir" || e.call == "mkdirat" || e.call == "mknod" || e.call == "mknodat";
  bool by_second = e.call == "symlink" || e.call == "symlinkat" || e.call == "link" || e.call == "linkat";
  if (!by_first && !by_second) return;
  FileWriter* writer = write(resolve_path(cwd, by_first ? e.path : e.path2), index);
  if (writer != nullptr) writer->created = true;
}

void ProcessTree::renamed(const std::string& from, const std::string& to, size_t by) {
  if (from.empty() || to.empty() || from == to) return;
  auto found = writers_.find(from);
  if (found != writers_.end()) {
    writers_[to] = std::move(found->second);
    writers_.erase(from);
  } else if (by != kNone && !writers_.contains(to)) {
    (void)write(to, by);
  }
  if (to.starts_with(from + "/")) return;  // no such rename succeeds
  for (auto below = writers_.lower_bound(from + "/");
       below != writers_.end() && below->first.starts_with(from + "/") && moves_ < kMaxMoves; ++moves_) {
    writers_[to + below->first.substr(from.size())] = std::move(below->second);
    below = writers_.erase(below);
  }
}

}  // namespace assay
