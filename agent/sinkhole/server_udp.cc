// The datagram half: one socket takes what was sent to any address and port; answers leave from the address
// and port that were asked.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "agent/sinkhole/ntp.h"
#include "agent/sinkhole/server.h"
#include "common/clock.h"

namespace assay::sinkhole {
namespace {

constexpr int kReceiveBatch = 256;

sockaddr_in address(uint32_t addr, uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(addr);
  out.sin_port = htons(port);
  return out;
}

// From port 53, which the socket is bound to: only the source address must be chosen.
bool reply_from_53(int fd, const Report& to, const std::string& packet) {
  sockaddr_in peer = address(to.src_addr.as_v4(), to.src_port);
  iovec data{const_cast<char*>(packet.data()), packet.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in_pktinfo))> control{};
  msghdr message{};
  message.msg_name = &peer;
  message.msg_namelen = sizeof peer;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  in_pktinfo info{};
  info.ipi_spec_dst.s_addr = htonl(to.dst_addr.as_v4());
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(packet.size());
}

// From any other port: a socket for this one answer. It takes nothing in: steering is asked before it.
bool reply_from(const Report& to, const std::string& packet) {
  Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  int on = 1;
  sockaddr_in local = address(to.dst_addr.as_v4(), to.dst_port),
              peer = address(to.src_addr.as_v4(), to.src_port);
  return fd && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
         ::bind(fd.get(), reinterpret_cast<sockaddr*>(&local), sizeof local) == 0 &&
         ::sendto(fd.get(), packet.data(), packet.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr*>(&peer),
                  sizeof peer) == static_cast<ssize_t>(packet.size());
}

struct Ancillary {
  sockaddr_in original{};
  bool has_original = false;
  uint32_t dropped = 0;
  bool has_dropped = false;
};

Ancillary read_ancillary(msghdr& message) {
  Ancillary out;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_ORIGDSTADDR) {
      std::memcpy(&out.original, CMSG_DATA(header), sizeof out.original);
      out.has_original = true;
    }
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_RXQ_OVFL) {
      std::memcpy(&out.dropped, CMSG_DATA(header), sizeof out.dropped);
      out.has_dropped = true;
    }
  }
  return out;
}

}  // namespace

bool Server::receive_all() {
  std::array<char, 65536> buffer;
  for (int i = 0; i < kReceiveBatch; ++i) {
    sockaddr_in peer{};
    iovec data{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, 256> control{};
    msghdr message{};
    message.msg_name = &peer;
    message.msg_namelen = sizeof peer;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t n = ::recvmsg(fds_.udp, &message, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    Ancillary ancillary = read_ancillary(message);
    if (ancillary.has_dropped) {  // a running total of what the socket's buffer could not hold; may wrap
      reporter_.lose(ancillary.dropped - udp_dropped_);
      udp_dropped_ = ancillary.dropped;
    }
    if (!ancillary.has_original) {
      reporter_.lose(1);
      continue;
    }
    Report report;
    report.kind = ReportKind::session;
    report.time_ns = wall_ns();
    report.udp = true;
    report.src_addr = Address::v4(ntohl(peer.sin_addr.s_addr));
    report.src_port = ntohs(peer.sin_port);
    report.dst_addr = Address::v4(ntohl(ancillary.original.sin_addr.s_addr));
    report.dst_port = ntohs(ancillary.original.sin_port);
    report.bytes_out = static_cast<uint64_t>(n);
    report.data.assign(buffer.data(), static_cast<size_t>(n));
    datagram(std::move(report));
  }
  return true;
}

void Server::datagram(Report report) {
  if (report.dst_port == 53) {
    DnsReply reply = answer_dns(report.data, scene_->names);
    if (!reply.packet.empty() && reply_from_53(fds_.udp, report, reply.packet))
      report.bytes_in = reply.packet.size();
    if (reply.question) {
      report.data.clear();
      return report_dns(report, reply);
    }
  } else if (report.dst_port == 123) {
    std::string reply = answer_ntp(report.data, wall_ns());
    if (!reply.empty() && reply_from(report, reply)) report.bytes_in = reply.size();
  }
  // One report a flow, at its first datagram.
  std::string flow(reinterpret_cast<const char*>(&report.dst_addr), sizeof report.dst_addr);
  flow += std::to_string(report.src_port) + ">" + std::to_string(report.dst_port);
  if (udp_flows_.size() >= kMaxUdpFlows) udp_flows_.clear();
  if (!udp_flows_.insert(std::move(flow)).second) return;
  if (const std::string* name = scene_->names.name_of(report.dst_addr.as_v4())) report.name = *name;
  if (report.data.size() > kMaxDataBytes) {
    report.truncated = report.data.size() - kMaxDataBytes;
    report.data.resize(kMaxDataBytes);
  }
  reporter_.send(std::move(report), Clock::now());
}

}  // namespace assay::sinkhole
