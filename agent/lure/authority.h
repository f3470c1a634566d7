// authority: the certificate authority of one scan, and the server certificates it signs. The only code that
// touches OpenSSL's X.509 calls.
#pragma once

#include <memory>
#include <string>

#include "common/result.h"

namespace assay::lure {

class Authority {
 public:
  struct Pem {
    std::string cert, key;
  };
  /// A new one: ECDSA P-256, with a name as public authorities bear.
  static Result<Pem> create();
  /// Errc::corrupt.
  static Result<Authority> load(const std::string& cert, const std::string& key);
  Authority(Authority&&) noexcept;
  Authority& operator=(Authority&&) noexcept;
  ~Authority();

  struct State;
  State& state() { return *state_; }

 private:
  explicit Authority(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace assay::lure
