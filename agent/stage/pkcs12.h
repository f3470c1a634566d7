// pkcs12: the certificates in a PKCS#12 file (RFC 7292), as newer Javas keep their trust store. The only code
// that touches OpenSSL's PKCS#12 calls; bounded in what a hostile file can make it compute.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay {

struct Pkcs12Certificate {
  std::string name;  // UTF-8; may be empty
  std::string der;
};

/// What is encrypted is read with the password; the file's own seal (MAC) is not looked at. Errc::corrupt;
/// Errc::unsupported: encrypted in a way, or with a password, that is not ours.
Result<std::vector<Pkcs12Certificate>> read_pkcs12_certificates(std::string_view file,
                                                                const std::string& password);

}  // namespace assay
