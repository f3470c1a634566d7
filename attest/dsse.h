// dsse: the envelope that signatures come in (DSSE v1.0, github.com/secure-systems-lab/dsse: protocol.md,
// envelope.md): what is signed, and the envelope as JSON, written and read. Pure; knows no keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay::attest {

inline constexpr const char* kInTotoPayload = "application/vnd.in-toto+json";
inline constexpr size_t kMaxEnvelopeBytes = 4 << 20;  // as JSON; a bundle around it included
inline constexpr size_t kMaxSignatures = 32;

struct Signature {
  std::string key_id;  // a hint that nobody has signed; may be empty
  std::string bytes;
};

struct Envelope {
  std::string payload_type;
  std::string payload;                // the bytes that were signed, decoded
  std::vector<Signature> signatures;  // at least one
};

/// What a signature is over (protocol.md, "PAE").
std::string pre_authentication(std::string_view payload_type, std::string_view payload);

/// One line; standard base64.
std::string envelope_json(const Envelope& envelope);
/// Standard and URL-safe base64 (RFC 4648, sections 4 and 5), padded; a name that comes twice is refused,
/// one that is not known is left out. Errc::corrupt or limit; `name` begins the message.
Result<Envelope> parse_envelope(std::string_view json, const std::string& name);

}  // namespace assay::attest
