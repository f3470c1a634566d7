// bundle: an envelope as it lies in files and registries: within a Sigstore bundle (protobuf-specs,
// sigstore_bundle.proto, media type ...bundle.v0.3+json), which cosign and sigstore's libraries read, or
// bare, as cosign's older .att tags have it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "attest/dsse.h"
#include "common/result.h"

namespace assay::attest {

inline constexpr const char* kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr const char* kEnvelopeType = "application/vnd.dsse.envelope.v1+json";

/// Whether a blob or artifact of this media type may hold an attestation: an envelope, or a bundle of any
/// version.
bool is_attestation_type(std::string_view media_type);

/// One line. `key_hint`: which public key verifies it (PublicKey::hint()). No transparency log, no time
/// stamp.
std::string bundle_json(const Envelope& envelope, const std::string& key_hint);
/// The envelope of a bundle, or a bare one. Certificates and log entries are not looked at. Errc::corrupt,
/// limit, or unsupported for a bundle that signs no statement; `name` begins the message.
Result<Envelope> parse_attestation(std::string_view json, const std::string& name);

}  // namespace assay::attest
