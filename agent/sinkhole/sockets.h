// sockets: between the kernel's socket addresses and ours. The sinkhole's sockets take both families (IPv4
// comes mapped), or IPv4 alone where the kernel has no other.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "agent/sinkhole/address.h"

namespace assay::sinkhole {

struct Endpoint {
  Address addr;
  uint16_t port = 0;  // host byte order
};

/// Nullopt: neither AF_INET nor AF_INET6.
std::optional<Endpoint> endpoint_of(const sockaddr_storage& address);
/// As a socket of `family` is told it; returns its size.
socklen_t put_endpoint(const Endpoint& endpoint, int family, sockaddr_storage& out);
/// AF_INET, AF_INET6 or AF_UNIX: what the socket is bound in. AF_UNSPEC: no socket.
int family_of(int fd);
std::optional<Endpoint> local_endpoint(int fd);

}  // namespace assay::sinkhole
