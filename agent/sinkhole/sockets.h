// sockets: between the kernel's socket addresses and ours. The sinkhole's sockets take both families (IPv4
// comes mapped), or IPv4 alone where the kernel has no other.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

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

/// One from a socket that takes what was sent to any address (IP_RECVORIGDSTADDR, SO_RXQ_OVFL).
struct Datagram {
  std::string_view data;
  std::optional<Endpoint> from, to;  // to: as its sender addressed it
  std::optional<uint32_t> dropped;  // how many the socket's buffer could not hold before it, in all; may wrap
};
/// Into `buffer`. Never blocks. Nullopt: there is none.
std::optional<Datagram> receive_datagram(int fd, std::span<char> buffer);
/// How many the socket's buffer could not hold until now, in all: a datagram tells of those before it only.
std::optional<uint32_t> datagrams_dropped(int fd);

}  // namespace assay::sinkhole
