// tls_server: how the sinkhole's TLS is set up, once for a scan: every version and cipher that OpenSSL still
// knows, a certificate for whatever name a client asks for, the protocol that it would like (ALPN) where we
// speak it. Its connections are tls.h's.
#pragma once

#include <memory>
#include <string>

#include "agent/lure/authority.h"
#include "common/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace assay::sinkhole {

/// What a connection's callbacks need, and what they leave: the SSL's app data.
struct TlsClient {
  std::string name;     // in: what DNS called the server, for clients that name none
  std::string address;  // in: the server's
  std::string sni;      // out: as asked for, lowered; empty: none, or nothing that a host could be called
  std::string offered;  // out: ALPN, separated by commas
  std::string alert;    // out: a client's reason to end it, as RFC 8446 calls it: "unknown CA"
};

class TlsServer {
 public:
  /// `authority` is borrowed.
  static Result<TlsServer> open(lure::Authority& authority);
  TlsServer(TlsServer&&) noexcept;
  TlsServer& operator=(TlsServer&&) noexcept;
  ~TlsServer();
  /// One connection's end of it, over memory buffers; the caller frees it. `client` outlives it. Null: no
  /// memory.
  ssl_st* accept(TlsClient& client);

 private:
  explicit TlsServer(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_ = nullptr;
};

}  // namespace assay::sinkhole
