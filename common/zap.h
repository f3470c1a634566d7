// zap: who may connect. A thread that answers libzmq's authentication requests (ZAP 1.0, RFC 27) for every
// secured socket of a context, by a list of public keys. It decides at the handshake only: whoever is
// connected already is the business of the socket's owner. Fed by keys.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/keys.h"
#include "common/loop.h"
#include "common/result.h"

namespace assay {

/// A connection that was not let in.
struct Refusal {
  std::string key;      // public, Z85; empty for a malformed request
  std::string address;  // of the peer, without a port
  std::string reason;   // "unlisted", "revoked", "malformed"
  uint64_t missed = 0;  // refusals before this one that were not told, since too many waited
};

class Zap {
 public:
  /// One for a context, before the first secured socket binds. A peer with a key that is allowed gets its
  /// name as Received::user; anybody else is refused with status 400, and told here.
  static Result<Zap> start(const Context& context, const std::vector<AllowedKey>& list);
  Zap(Zap&&) noexcept;
  Zap& operator=(Zap&&) noexcept;
  ~Zap();  // ends the thread; from then on nobody can connect

  /// Replaces the list, all of it at once. Handshakes that begin after this has come back go by the new one.
  Status allow(const std::vector<AllowedKey>& list);

  /// Readable when there are refusals.
  const Socket& socket() const;
  /// The next refusal, or nothing. Never blocks.
  Result<std::optional<Refusal>> take_refusal();

 private:
  struct State;
  explicit Zap(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay
