#include "agent/sinkhole/sockets.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace assay::sinkhole {
namespace {

void read_ancillary(msghdr& message, Datagram& out) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    bool four = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_ORIGDSTADDR;
    bool six = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_ORIGDSTADDR;
    if (four || six) {
      sockaddr_storage address{};
      std::memcpy(&address, CMSG_DATA(header), four ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
      out.to = endpoint_of(address);
    }
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_RXQ_OVFL)
      std::memcpy(&out.dropped.emplace(), CMSG_DATA(header), sizeof(uint32_t));
  }
}

}  // namespace

std::optional<Endpoint> endpoint_of(const sockaddr_storage& address) {
  Endpoint out;
  if (address.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &address, sizeof four);
    out.addr = Address::v4(ntohl(four.sin_addr.s_addr));
    out.port = ntohs(four.sin_port);
    return out;
  }
  if (address.ss_family != AF_INET6) return std::nullopt;
  sockaddr_in6 six{};
  std::memcpy(&six, &address, sizeof six);
  std::memcpy(out.addr.bytes.data(), &six.sin6_addr, out.addr.bytes.size());
  out.port = ntohs(six.sin6_port);
  return out;
}

socklen_t put_endpoint(const Endpoint& endpoint, int family, sockaddr_storage& out) {
  out = {};
  if (family == AF_INET) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(endpoint.addr.as_v4());
    four.sin_port = htons(endpoint.port);
    std::memcpy(&out, &four, sizeof four);
    return sizeof four;
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  std::memcpy(&six.sin6_addr, endpoint.addr.bytes.data(), endpoint.addr.bytes.size());
  six.sin6_port = htons(endpoint.port);
  std::memcpy(&out, &six, sizeof six);
  return sizeof six;
}

int family_of(int fd) {
  int family = AF_UNSPEC;
  socklen_t size = sizeof family;
  return ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 ? family : AF_UNSPEC;
}

std::optional<Endpoint> local_endpoint(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  return endpoint_of(address);
}

std::optional<Datagram> receive_datagram(int fd, std::span<char> buffer) {
  sockaddr_storage from{};
  iovec data{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, 256> control{};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t n;
  while ((n = ::recvmsg(fd, &message, MSG_DONTWAIT)) < 0 && errno == EINTR) {
  }
  if (n < 0) return std::nullopt;
  Datagram out;
  out.data = {buffer.data(), static_cast<size_t>(n)};
  out.from = endpoint_of(from);
  read_ancillary(message, out);
  return out;
}

std::optional<uint32_t> datagrams_dropped(int fd) {
  std::array<uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) != 0) return std::nullopt;
  return memory[SK_MEMINFO_DROPS];
}

}  // namespace assay::sinkhole
