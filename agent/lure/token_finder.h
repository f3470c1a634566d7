// token_finder: sees a scan's honeytokens in bytes that leave the guest: as they are, in base64 (also the
// URL-safe alphabet, at any offset), base32, hex, percent-encoded, and in fragments, as DNS tunnels cut them.
// kWindow characters in a row of any encoding of any value are proof; upper and lower case are the same to
// it, as they are to DNS. Pure, streaming, bounded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
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
  static constexpr size_t kWindow = 16;  // a text that is shorter counts as a whole...
  static constexpr size_t kGram = 8;     // ...if it has this many characters
  static constexpr size_t kExcerptBytes = 96;

  explicit TokenFinder(const std::vector<Token>& tokens);

  /// What a stream has to remember from one piece to the next.
  struct Stream {
    std::string tail;
    std::vector<bool> seen;  // by token: each is told once a stream
  };
  /// New hits in the next bytes of a stream, across the borders of its pieces.
  std::vector<TokenHit> scan(Stream& stream, std::string_view bytes) const;

 private:
  /// What to look for: one encoding of one value.
  struct Pattern {
    std::string text;  // in lower case
    size_t token;
    const char* encoding;
  };
  struct Gram {
    uint64_t key;  // kGram characters of a pattern
    uint32_t pattern, at;
  };
  void add(size_t token, const char* encoding, std::string text);
  void add_encodings(size_t token, const std::string& value);
  void look(Stream& stream, std::string_view bytes, std::vector<TokenHit>& hits) const;
  void compare(Stream& stream, std::string_view bytes, size_t at, uint64_t key,
               std::vector<TokenHit>& hits) const;

  std::vector<Pattern> patterns_;
  std::vector<Gram> grams_;            // by key
  std::vector<uint64_t> may_be_;       // a bit a key's hash: most bytes of a stream end here
  int bits_ = 6;                       // of a hash
  size_t step_ = kWindow - kGram + 1;  // whatever counts holds a gram at a multiple of this
  size_t tokens_ = 0;
};

}  // namespace assay::lure
