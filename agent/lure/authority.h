// authority: the certificate authority of one scan, and the server certificates it signs. The only code that
// touches OpenSSL's X.509 calls.
#pragma once

#include <memory>
#include <string>

#include "common/result.h"

struct x509_st;
struct evp_pkey_st;

namespace assay::lure {

class Authority {
 public:
  static constexpr size_t kMaxCached = 1024;

  struct Pem {
    std::string cert, key;
  };
  /// A new one: ECDSA P-256, with a name as public authorities bear, but that none does.
  static Result<Pem> create();
  /// Errc::corrupt.
  static Result<Authority> load(const std::string& cert, const std::string& key);
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  /// Borrowed: valid until the next sign().
  struct Leaf {
    x509_st* cert = nullptr;
    evp_pkey_st* key = nullptr;  // one for all leaves
  };
  /// A server's certificate. `name`: a host name, or an address; `address`: one more, in text; either may be
  /// empty. Remembered, so that a name has one certificate (Errc::invalid: no certificate can bear the name).
  Result<Leaf> sign(const std::string& name, const std::string& address);

 private:
  struct State;
  explicit Authority(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What trust stores want to know of a certificate. Errc::corrupt.
struct CertificateForms {
  std::string der;
  std::string subject_hash;  // eight hex digits: how OpenSSL names the file in a directory of certificates
  std::string common_name;
};
Result<CertificateForms> certificate_forms(const std::string& pem);

}  // namespace assay::lure
