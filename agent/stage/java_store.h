// java_store: a Java trust store (cacerts) with one more certificate in it. Reads JKS (as
// sun.security.provider.JavaKeyStore writes it) and PKCS#12 (RFC 7292); writes JKS, which every Java reads
// under either name. Pure: a store is bytes, of a hostile image.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace assay {

inline constexpr size_t kMaxJavaStoreBytes = 8 << 20;

/// `der`: the certificate; `alias`: what it is listed as. Errc::unsupported: of another kind, or locked with
/// another password than Java's own ("changeit"); Errc::corrupt.
Result<std::string> add_to_java_store(std::string_view store, std::string_view der, std::string_view alias);

}  // namespace assay
