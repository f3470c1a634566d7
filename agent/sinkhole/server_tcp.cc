// The half with connections: accepted, heard, answered, reported once early and once more at the end where
// there is more to tell.
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "agent/sinkhole/server.h"
#include "agent/sinkhole/sockets.h"
#include "common/clock.h"

namespace assay::sinkhole {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kSilenceBeforeGreeting{150};
constexpr milliseconds kGatherFirstBytes{200};  // after the first data: a login often comes in pieces
constexpr milliseconds kSilenceBeforeReport{2000};
constexpr int kAcceptBatch = 256, kReadBatch = 16;
constexpr uint64_t kLookAtMemoryBytes = 16 << 20;  // heard in between

size_t heap_bytes() {
  auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace

bool Server::accept_all(int listener, const std::string& socket) {
  for (int i = 0; i < kAcceptBatch; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    Fd fd(::accept4(listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      admit(std::move(fd), from, socket);
      continue;
    }
    if (errno == EAGAIN) return false;
    // Out of descriptors: the oldest connection makes room, and the next round goes on.
    if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) && !connections_.empty())
      push_out(connections_.begin()->first);
    else if (errno != EINTR && errno != ECONNABORTED)
      reporter_.lose(1);
    return true;
  }
  return true;
}

void Server::admit(Fd fd, const sockaddr_storage& from, const std::string& socket) {
  Report report;
  report.kind = ReportKind::session;
  report.time_ns = wall_ns();
  if (socket.empty()) {
    auto src = endpoint_of(from), dst = local_endpoint(fd.get());
    if (!src || !dst) return reporter_.lose(1);
    report.src_addr = src->addr;
    report.src_port = src->port;
    report.dst_addr = dst->addr;
    report.dst_port = dst->port;
    if (const std::string* name = scene_->names.name_of(report.dst_addr)) report.name = *name;
  } else {
    report.transport = Transport::unix_socket;
    report.name = socket;
  }
  // The oldest goes: it has been reported at the latest by its closing, and a flood cannot shut out what
  // comes after it.
  if (connections_.size() >= max_connections_) push_out(connections_.begin()->first);
  uint64_t id = next_id_++;
  if (!watch(fd.get(), id, EPOLLIN, false)) return reporter_.lose(1);
  Peer peer{report.src_addr,
            report.dst_addr,
            report.src_port,
            report.dst_port,
            socket.empty() ? report.name : "",
            socket,
            false};
  Connection connection(std::move(peer), *scene_);
  connection.report = std::move(report);
  connection.accepted = Clock::now();
  connection.fd = std::move(fd);
  connections_.emplace(id, std::move(connection));
  young_.insert(id);
}

void Server::read_from(uint64_t id) {
  auto it = connections_.find(id);
  if (it == connections_.end()) return;
  Connection& connection = it->second;
  std::array<char, 4096> buffer;  // small: a pipelined request of 20 bytes makes us hold 250
  for (int i = 0; i < kReadBatch && !connection.writing && connection.pending.size() < kMaxPendingBytes;
       ++i) {
    ssize_t n = ::recv(connection.fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (n < 0) return close(id);
    if (n == 0) {
      connection.ended = true;  // it may still read what we have for it
      break;
    }
    if (take(connection, std::string_view(buffer.data(), static_cast<size_t>(n)))) continue;
    reporter_.cut();
    return close(id);
  }
  write_to(id);
}

// False when the connection has sent more than it may.
bool Server::take(Connection& connection, std::string_view bytes) {
  Report& report = connection.report;
  if (report.bytes_out == 0) connection.first_data = Clock::now();
  report.bytes_out += bytes.size();
  connection.unanswered += bytes.size();
  heard_since_look_ += bytes.size();
  size_t kept = std::min(bytes.size(), kMaxDataBytes - connection.kept);
  report.data += bytes.substr(0, kept);
  connection.kept += kept;
  std::vector<Report> told;
  say(connection, connection.talk.hear(bytes, wall_ns(), told));
  tell_all(connection.report, std::move(told));
  const std::string* plaintext = connection.talk.plaintext();
  if (connection.first_evidence == Clock::time_point() && (!plaintext || !plaintext->empty()))
    connection.first_evidence = Clock::now();
  return report.bytes_out <= kMaxConnectionBytes;
}

void Server::say(Connection& connection, std::string bytes) {
  if (bytes.empty()) return;
  connection.unanswered = 0;
  pending_total_ += bytes.size();
  connection.pending = connection.pending.empty() ? std::move(bytes) : connection.pending + bytes;
}

void Server::write_to(uint64_t id) {
  auto it = connections_.find(id);
  if (it == connections_.end()) return;
  Connection& connection = it->second;
  while (!connection.pending.empty()) {
    ssize_t n =
        ::send(connection.fd.get(), connection.pending.data(), connection.pending.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return close(id);
    connection.report.bytes_in += static_cast<uint64_t>(n);
    pending_total_ -= static_cast<size_t>(n);
    connection.pending.erase(0, static_cast<size_t>(n));
  }
  if (connection.pending.empty()) connection.pending.shrink_to_fit();  // a download's half a megabyte
  if (connection.pending.empty() && (connection.ended || connection.talk.closing())) return close(id);
  // A client that does not read is not read from: what it makes us hold is bounded by one answer.
  bool writing = !connection.pending.empty();
  if (writing == connection.writing) return;
  connection.writing = writing;
  if (!watch(connection.fd.get(), id, writing ? EPOLLOUT : EPOLLIN, true)) close(id);
}

void Server::greet(uint64_t id) {
  Connection& connection = connections_.at(id);
  // Within TLS, who has shaken hands may be waiting, too.
  bool heard = connection.first_evidence != Clock::time_point();
  auto since = std::max(connection.accepted, connection.first_data);
  if (heard || Clock::now() - since < kSilenceBeforeGreeting) return;
  std::vector<Report> told;
  say(connection, connection.talk.silence(wall_ns(), told));
  tell_all(connection.report, std::move(told));
  write_to(id);
}

void Server::close(uint64_t id) {
  auto it = connections_.find(id);
  if (it == connections_.end()) return;
  tell(it->second);
  tell_end(it->second);
  pending_total_ -= it->second.pending.size();
  young_.erase(id);
  connections_.erase(it);
}

// To make room for others.
void Server::push_out(uint64_t id) {
  reporter_.push_out();
  close(id);
}

// A report waits until there is something to see; what is encrypted, until the handshake is done.
bool Server::due(const Connection& connection, Clock::time_point now) const {
  if (connection.report.bytes_out == 0) return now - connection.accepted >= kSilenceBeforeReport;
  if (connection.first_evidence == Clock::time_point())
    return now - connection.first_data >= kSilenceBeforeReport;
  const std::string* plaintext = connection.talk.plaintext();
  if ((plaintext ? plaintext->size() : connection.kept) >= kMaxDataBytes) return true;
  return now - connection.first_evidence >= kGatherFirstBytes;
}

void Server::tell(Connection& connection) {
  if (connection.reported) return;
  connection.reported = true;
  Report report = connection.report;
  report.app = connection.talk.app();
  size_t evidence = connection.kept;
  // Of a handshake that failed, its own bytes are all there is.
  if (const std::string* plaintext = connection.talk.plaintext(); plaintext && !plaintext->empty()) {
    report.data = *plaintext;
    evidence = connection.told_plaintext = plaintext->size();
  }
  report.truncated = evidence < kMaxDataBytes ? 0 : report.bytes_out - std::min(report.bytes_out, evidence);
  reporter_.send(std::move(report), Clock::now());
  connection.report.data = {};
}

// The rest of its first kMaxDataBytes, where they came after it had been reported.
void Server::tell_end(Connection& connection) {
  Report& report = connection.report;
  if (const std::string* plaintext = connection.talk.plaintext(); plaintext && !plaintext->empty())
    report.data = plaintext->substr(std::min(connection.told_plaintext, plaintext->size()));
  if (report.data.empty()) return;
  report.time_ns = wall_ns();
  report.method = "closed";
  report.app = connection.talk.app();
  size_t evidence = std::max(connection.kept, connection.told_plaintext + report.data.size());
  report.truncated =
      evidence < kMaxDataBytes ? 0 : report.bytes_out - std::min<uint64_t>(report.bytes_out, evidence);
  reporter_.send(std::move(report), Clock::now());
}

// Whoever makes us hold too much goes: first the oldest that does not read what it asked for; then, when the
// conversations themselves have grown, those that have sent most since they were last answered.
void Server::make_room() {
  for (auto it = connections_.begin(); pending_total_ > kMaxPendingTotal && it != connections_.end();) {
    uint64_t id = it->first;
    bool waits = !it->second.pending.empty();
    ++it;
    if (waits) push_out(id);
  }
  if (heard_since_look_ < kLookAtMemoryBytes) return;
  heard_since_look_ = 0;
  if (heap_bytes() <= kMaxHeapBytes) return;
  std::vector<std::pair<uint64_t, uint64_t>> senders;
  for (const auto& [id, connection] : connections_) senders.emplace_back(connection.unanswered, id);
  std::sort(senders.rbegin(), senders.rend());
  for (const auto& [unanswered, id] : senders) {
    if (heap_bytes() <= kMaxHeapBytes / 4 * 3) break;
    push_out(id);
  }
}

}  // namespace assay::sinkhole
