// signing_key_state: OpenSSL's key behind ours. Only signing_key*.cc include it.
#pragma once

#include <openssl/evp.h>

#include "attest/signing_key.h"
#include "common/free.h"

namespace assay::attest {

struct PublicKey::State {
  using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
  Key key;
  KeyKind kind;

  /// Errc::unsupported for a key of another kind.
  static Result<std::unique_ptr<State>> of(Key key, const std::string& name);
};

}  // namespace assay::attest
