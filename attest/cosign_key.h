// cosign_key: a private key as `cosign generate-key-pair` writes it: PEM around JSON that says how a PKCS#8
// is encrypted: scrypt (RFC 7914), then NaCl's secretbox (XSalsa20 and Poly1305). Read only. The only file
// that knows libsodium.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace assay::attest {

/// Of a PEM's first line, without its dashes: "ENCRYPTED SIGSTORE PRIVATE KEY", or COSIGN in older ones.
bool is_cosign_key(std::string_view pem);
/// The PKCS#8 in DER. Errc::denied: no passphrase, or not this one; corrupt, limit (would take more than
/// 256 MiB to derive); `name` begins the message.
Result<std::string> open_cosign_key(std::string_view pem, const std::string& passphrase,
                                    const std::string& name);

}  // namespace assay::attest
