// The half with datagrams: one socket takes what was sent to any address and port; answers leave from the
// address and port that were asked.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "agent/sinkhole/dns/dns_service.h"
#include "agent/sinkhole/ntp.h"
#include "agent/sinkhole/server.h"
#include "agent/sinkhole/sockets.h"
#include "common/clock.h"

namespace assay::sinkhole {
namespace {

constexpr int kReceiveBatch = 256;
constexpr uint16_t kDnsPort = 53, kNtpPort = 123;

// From the port that the socket is bound to: only the source address must be chosen. A socket of both
// families takes a mapped address for IPv4, too.
bool reply_from(int fd, const Report& to, const std::string& packet) {
  int family = family_of(fd);
  sockaddr_storage peer;
  iovec data{const_cast<char*>(packet.data()), packet.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
  msghdr message{};
  message.msg_namelen = put_endpoint({to.src_addr, to.src_port}, family, peer);
  message.msg_name = &peer;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (family == AF_INET) {
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(to.dst_addr.as_v4());
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    message.msg_controllen = CMSG_SPACE(sizeof info);
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, to.dst_addr.bytes.data(), to.dst_addr.bytes.size());
    header->cmsg_level = IPPROTO_IPV6;
    header->cmsg_type = IPV6_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
  }
  return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(packet.size());
}

}  // namespace

bool Server::receive_all() {
  std::array<char, 65536> buffer;
  for (int i = 0; i < kReceiveBatch; ++i) {
    auto received = receive_datagram(fds_.udp, buffer);
    if (!received) return false;
    if (received->dropped) lose_dropped(*received->dropped);
    if (!received->to || !received->from) {
      reporter_.lose(1);
      continue;
    }
    Report report;
    report.kind = ReportKind::session;
    report.time_ns = wall_ns();
    report.transport = Transport::udp;
    report.src_addr = received->from->addr;
    report.src_port = received->from->port;
    report.dst_addr = received->to->addr;
    report.dst_port = received->to->port;
    report.bytes_out = received->data.size();
    report.data = received->data;
    datagram(std::move(report));
  }
  return true;
}

// A running total, which may wrap.
void Server::lose_dropped(uint32_t total) {
  reporter_.lose(total - udp_dropped_);
  udp_dropped_ = total;
}

void Server::datagram(Report report) {
  if (const std::string* name = scene_->names.name_of(report.dst_addr)) report.name = *name;
  std::vector<Report> told;
  bool asked = false;  // a question of DNS: its report says all
  if (report.dst_port == kDnsPort) {
    DnsReply reply = answer_name_query(report.data, *scene_, report.time_ns, told);
    if (!reply.packet.empty() && reply_from(fds_.udp, report, reply.packet))
      report.bytes_in = reply.packet.size();
    asked = reply.question.has_value();
  } else if (report.dst_port == kNtpPort && fds_.ntp >= 0) {
    std::string answer = answer_ntp(report.data, report.time_ns);
    if (!answer.empty() && reply_from(fds_.ntp, report, answer)) report.bytes_in = answer.size();
  }
  if (!asked) note_flow(report, told);
  tell_all(report, std::move(told));
}

// One report a flow, at its first datagram; honeytokens are looked for in all of them.
void Server::note_flow(const Report& report, std::vector<Report>& told) {
  if (udp_flows_.size() >= kMaxUdpFlows) udp_flows_.clear();
  auto [flow, fresh] = udp_flows_.try_emplace({report.dst_addr, report.src_port, report.dst_port});
  Peer peer{report.src_addr, report.dst_addr, report.src_port, report.dst_port, report.name, "", false};
  for (const lure::TokenHit& hit : scene_->finder.scan(flow->second, report.data))
    told.push_back(token_sent(hit, *scene_, peer));
  if (!fresh) return;
  Report first = report;
  if (first.data.size() > kMaxDataBytes) {
    first.truncated = first.data.size() - kMaxDataBytes;
    first.data.resize(kMaxDataBytes);
  }
  told.push_back(std::move(first));
}

}  // namespace assay::sinkhole
