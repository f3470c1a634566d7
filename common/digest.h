// Digest: a SHA-256, as OCI writes it ("sha256:<64 hex>"; image-spec descriptor.md#digests), and the hasher
// that makes it.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

struct Digest {
  std::array<uint8_t, 32> bytes{};

  /// From "sha256:<64 lower-case hex>". Errc::invalid names the text and the rule it broke.
  static Result<Digest> parse(std::string_view text);
  static Digest of(std::string_view data);

  std::string hex() const;  // 64 characters
  std::string str() const { return "sha256:" + hex(); }
  auto operator<=>(const Digest&) const = default;
};

/// Streaming SHA-256 (OpenSSL EVP, which uses the CPU's SHA extensions).
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void update(std::string_view data);
  Digest finish();  // once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Lower-case hex of any bytes.
std::string to_hex(std::string_view bytes);
/// The SHA-256 of what is left to read of `fd`; `name` is for the error.
Result<Digest> digest_fd(int fd, const std::string& name);

}  // namespace assay
