// signing_key: keys that attestations are signed and verified with, and nothing else knows OpenSSL's: ed25519
// (RFC 8032) and ECDSA over P-256 with SHA-256 (FIPS 186-5; signatures as ASN.1, RFC 3279 2.2.3). The very
// files that cosign, openssl and sigstore's libraries read: PKCS#8 (RFC 5958) and SPKI (RFC 5280) in PEM, and
// cosign's own encrypted form (cosign_key.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"

namespace assay::attest {

enum class KeyKind { ed25519, ecdsa_p256 };
const char* to_string(KeyKind kind);
/// "ed25519" or "ecdsa-p256". Errc::invalid names both.
Result<KeyKind> parse_key_kind(std::string_view text);

class PublicKey {
 public:
  struct State;  // of signing_key*.cc alone

  /// PEM of an SPKI ("PUBLIC KEY"). `name` begins the errors: invalid (no such PEM), unsupported (a key of
  /// another kind).
  static Result<PublicKey> parse(std::string_view pem, const std::string& name);
  static Result<PublicKey> read(const std::string& path);
  explicit PublicKey(std::unique_ptr<State> state);
  PublicKey(PublicKey&&) noexcept;
  PublicKey& operator=(PublicKey&&) noexcept;
  ~PublicKey();

  /// Whether `signature` is this key's over these bytes.
  bool verifies(std::string_view bytes, std::string_view signature) const;
  KeyKind kind() const;
  std::string pem() const;
  /// SHA-256 of the SPKI in DER: 64 hex digits, as an envelope's `keyid` has it.
  std::string id() const;
  /// The same in base64, as cosign writes the hint of a bundle.
  std::string hint() const;

 private:
  std::unique_ptr<State> state_;
};

class SigningKey {
 public:
  static Result<SigningKey> make(KeyKind kind);
  /// PEM: "PRIVATE KEY", "ENCRYPTED PRIVATE KEY" (PBES2), "EC PRIVATE KEY", or cosign's. Errc::denied where a
  /// passphrase is wanted or wrong; invalid, unsupported.
  static Result<SigningKey> parse(std::string_view pem, const std::string& passphrase,
                                  const std::string& name);
  /// Errc::denied also where others than the file's owner may read it.
  static Result<SigningKey> read(const std::string& path, const std::string& passphrase);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  Result<std::string> sign(std::string_view bytes) const;
  Result<PublicKey> public_key() const;
  /// PKCS#8 in PEM; encrypted (PBES2: PBKDF2 of 600,000 rounds, AES-256-CBC) where the passphrase is not
  /// empty.
  Result<std::string> pem(const std::string& passphrase) const;

 private:
  explicit SigningKey(std::unique_ptr<PublicKey::State> state);
  std::unique_ptr<PublicKey::State> state_;
};

/// Makes PREFIX.key (0600) and PREFIX.pub. Errc::conflict when there is one of either.
Status make_key_files(const std::string& prefix, KeyKind kind, const std::string& passphrase);

}  // namespace assay::attest
