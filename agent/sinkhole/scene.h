// scene: what all conversations of one scan share: the lures, the names that DNS gave out, the canaries, the
// recogniser of honeytokens, the certificate authority, and the ports on which a data connection is awaited.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/lure/authority.h"
#include "agent/lure/lures.h"
#include "agent/lure/token_finder.h"
#include "agent/sinkhole/canary/canaries.h"
#include "agent/sinkhole/dns/dns.h"
#include "agent/sinkhole/dns/dns_tunnel.h"
#include "agent/sinkhole/tls_server.h"
#include "common/result.h"

namespace assay::sinkhole {

/// FTP's second connection: what to do with whoever connects to a port that a PASV answer named.
struct DataConnection {
  std::string to_send;     // a download or a listing; empty: an upload is awaited, or nothing is known yet
  std::string name;        // of the file
  bool encrypted = false;  // within TLS (PROT P)
};

struct Scene {
  explicit Scene(lure::Lures from) : lures(std::move(from)), finder(lures.tokens), canaries(lures.seed) {}
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  static constexpr size_t kMaxAwaited = 256;

  const lure::Lures lures;
  const lure::TokenFinder finder;
  std::optional<lure::Authority> authority;
  std::optional<TlsServer> tls_server;  // of the authority; none: TLS is refused
  Canaries canaries;
  NameTable names;
  DgaWatch dga;
  DnsTunnels tunnels;
  std::map<uint16_t, DataConnection> awaited;  // by port; the oldest make room
  uint16_t next_awaited = 0;                   // the next port to name, above the first
  static constexpr size_t kMaxHeldBytes = 128u << 20;
  size_t held_bytes = 0;  // room that request bodies may take, of all conversations
};

}  // namespace assay::sinkhole
