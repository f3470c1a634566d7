// forms: secrets in the forms that their issuers give them, checksums included, from random bytes that follow
// from a scan's seed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/lure/lures.h"

namespace assay::lure {

/// Random draws of one purpose: the same seed and purpose give the same ones.
class Draw {
 public:
  Draw(const Seed& seed, std::string purpose) : seed_(seed), purpose_(std::move(purpose)) {}
  uint8_t byte();
  std::string bytes(size_t count);
  uint64_t below(uint64_t limit);  // 1 to 2^48
  std::string of(std::string_view alphabet, size_t count);
  std::string digits(size_t count);  // the first is no zero
  std::string uuid();                // RFC 9562, version 4
  template <size_t N>
  const char* one_of(const char* const (&choices)[N]) {
    return choices[below(N)];
  }

 private:
  const Seed& seed_;
  std::string purpose_, block_;
  size_t at_ = 0;
  uint32_t blocks_ = 0;
};

/// "AKIA" or "ASIA" and 16 characters, which hold an account's number as AWS has it. Each key is of an
/// account of its own: two of one account would be alike for too many characters to be told apart in base64.
std::string aws_key_id(Draw& draw, std::string_view prefix);
/// The account's twelve digits.
std::string aws_account(std::string_view key_id);
/// Prefix ("ghp_", "ghs_", "gho_", "npm_"), 30 characters, and their CRC-32 in six of base 62.
std::string checked_token(Draw& draw, std::string_view prefix);
/// A macaroon (libmacaroons v2), as PyPI has them; the last 42 characters are random.
std::string pypi_token(Draw& draw);
/// header.payload.signature, with 256 random bytes as the signature of RS256. `header` and `payload` are
/// JSON.
std::string jwt(Draw& draw, std::string_view header, std::string_view payload);
/// What follows the last dot.
std::string jwt_signature(const std::string& token);
/// The name that this scan's files give to their owner's company, and its domain, which can exist nowhere.
std::string company(const Seed& seed);
std::string domain(const Seed& seed);

}  // namespace assay::lure
