// Non-blocking receive of the remote sink's datagrams.
#include "agent/trace/seccheck_socket.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <memory>

#include "schema/seccheck.pb.h"

namespace assay {
namespace {

// A message must fit into its sender's buffer, and the runtime leaves that at the host's default, which the
// arguments of one exec can exceed: it would be dropped. The connecting process waits for our handshake, so
// its descriptor is there to be found. Where it cannot be had, what is too long is dropped and counted.
void widen_sender(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) return;
  sockaddr_un ours{};
  socklen_t ours_size = sizeof ours;
  if (getsockname(connection, reinterpret_cast<sockaddr*>(&ours), &ours_size) != 0) return;
  Fd process(static_cast<int>(syscall(SYS_pidfd_open, peer.pid, 0)));
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(("/proc/" + std::to_string(peer.pid) + "/fd").c_str()),
                                          closedir);
  if (!process || !dir) return;
  while (dirent* entry = readdir(dir.get())) {
    if (entry->d_name[0] == '.') continue;
    Fd copy(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), std::atoi(entry->d_name), 0)));
    sockaddr_un to{};
    socklen_t to_size = sizeof to;
    if (!copy || getpeername(copy.get(), reinterpret_cast<sockaddr*>(&to), &to_size) != 0) continue;
    if (to.sun_family != AF_UNIX || std::strncmp(to.sun_path, ours.sun_path, sizeof to.sun_path) != 0)
      continue;
    int bytes = static_cast<int>(SeccheckSocket::kMaxDatagram);
    (void)setsockopt(copy.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  }
}

}  // namespace

Result<SeccheckHeader> SeccheckHeader::parse(std::string_view datagram) {
  SeccheckHeader h{};
  if (datagram.size() < 8)
    return Error{Errc::corrupt, "seccheck datagram of " + std::to_string(datagram.size()) + " bytes"};
  std::memcpy(&h.header_size, datagram.data(), 2);
  std::memcpy(&h.type, datagram.data() + 2, 2);
  std::memcpy(&h.dropped, datagram.data() + 4, 4);
  if (h.header_size < 8 || h.header_size > datagram.size())
    return Error{Errc::corrupt, "seccheck header of " + std::to_string(h.header_size) + " bytes"};
  return h;
}

Result<SeccheckSocket> SeccheckSocket::listen(const std::string& path) {
  SeccheckSocket out;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error{Errc::invalid, path + ": too long for a socket: use a shorter data directory"};
  std::memcpy(address.sun_path, path.data(), path.size());
  out.listener_ = Fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out.listener_) return errno_error("socket for seccheck");
  unlink(path.c_str());
  if (bind(out.listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0 ||
      ::listen(out.listener_.get(), 4) < 0)
    return errno_error("listen on " + path);
  out.buffer_.resize(kMaxDatagram);
  return out;
}

void SeccheckSocket::poll_fds(std::vector<int>& fds) const {
  fds.push_back(listener_.get());
  for (const auto& peer : peers_) fds.push_back(peer.fd.get());
}

void SeccheckSocket::accept_peers() {
  while (peers_.size() < kMaxConnections) {
    Fd fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return;
    ++accepted_;
    peers_.push_back({std::move(fd)});
  }
}

// False when nothing waits; `closed` when nothing ever will.
bool SeccheckSocket::receive_one(Peer& peer, const std::function<void(uint16_t, std::string_view)>& emit,
                                 bool& closed) {
  ssize_t n = recv(peer.fd.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
  if (n <= 0) {
    closed = n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
    return false;
  }
  if (static_cast<size_t>(n) > buffer_.size()) {
    ++lost_;
    return true;
  }
  std::string_view datagram(buffer_.data(), static_cast<size_t>(n));
  if (!peer.greeted) {
    seccheck::Handshake handshake;
    if (!handshake.ParseFromArray(datagram.data(), static_cast<int>(datagram.size())) ||
        handshake.version() < 1) {
      closed = true;
      return false;
    }
    widen_sender(peer.fd.get());
    peer.greeted = send(peer.fd.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) == n;
    closed = !peer.greeted;
    return peer.greeted;
  }
  ++messages_;
  auto header = SeccheckHeader::parse(datagram);
  if (!header) {
    ++lost_;
    return true;
  }
  lost_ += static_cast<uint32_t>(header->dropped - peer.dropped);
  peer.dropped = header->dropped;
  emit(header->type, datagram);
  return true;
}

size_t SeccheckSocket::receive(size_t limit, const std::function<void(uint16_t, std::string_view)>& emit) {
  accept_peers();
  size_t count = 0;
  for (size_t i = 0; i < peers_.size();) {
    bool closed = false;
    while (count < limit && receive_one(peers_[i], emit, closed)) ++count;
    if (closed)
      peers_.erase(peers_.begin() + static_cast<ptrdiff_t>(i));
    else
      ++i;
  }
  return count;
}

}  // namespace assay
