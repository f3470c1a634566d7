#include "agent/sinkhole/sockets.h"

#include <netinet/in.h>

#include <cstring>

namespace assay::sinkhole {

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

}  // namespace assay::sinkhole
