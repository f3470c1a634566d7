// token_finder: sees a scan's honeytokens in bytes that leave the guest: as they are, in base64 (also the URL-safe
// alphabet, at any offset), base32, hex, percent-encoded, and in fragments, as DNS tunnels cut them. A window of
// kWindow characters of any encoding of any value is proof. Pure, streaming, bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/lure/lures.h"

namespace assay::lure {

struct TokenHit {
  size_t token = 0;      // index into the tokens
  std::string encoding;  // "plain", "base64", "base32", "hex", "url"
  std::string excerpt;   // up to 96 bytes of the stream around it
};

class TokenFinder {
 public:
  static constexpr size_t kWindow = 16;

  explicit TokenFinder(const std::vector<Token>& tokens);

  /// What a stream has to remember from one piece to the next.
  struct Stream {
    std::string tail;
    std::vector<bool> seen;  // by token: each is told once a stream
  };
  /// New hits in the next bytes of a stream, across the borders of its pieces.
  std::vector<TokenHit> scan(Stream& stream, std::string_view bytes) const;

 private:
  struct Mark {
    size_t token;
    const char* encoding;
  };
  std::unordered_map<std::string, Mark> windows_;  // every window of every encoding
};

}  // namespace assay::lure
