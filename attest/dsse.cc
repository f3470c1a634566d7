// Envelopes as JSON. Base64 is taken in one spelling only: what decodes to bytes that are written otherwise
// is none.
#include "attest/dsse.h"

#include <algorithm>
#include <optional>

#include "attest/dsse_json.h"
#include "common/encodings.h"

namespace assay::attest {
namespace {

constexpr size_t kMaxTypeBytes = 256;
constexpr size_t kMaxKeyIdBytes = 1024;
constexpr size_t kMaxSignatureBytes = 8192;

std::optional<std::string> decode_either(std::string text) {
  bool url_safe = text.find_first_of("-_") != text.npos;
  if (url_safe && text.find_first_of("+/") != text.npos) return std::nullopt;
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  auto bytes = decode_base64(text);
  if (!bytes || base64(*bytes) != text) return std::nullopt;
  return bytes;
}

Result<std::string> bytes_of(const Json& value, const char* key, const std::string& name) {
  auto bytes = decode_either(text_of(value, key));
  if (!bytes || bytes->empty())
    return Error{Errc::corrupt, name + ": '" + key + "' is missing, or no base64 with its padding"};
  return *bytes;
}

Result<Signature> read_signature(const Json& value, const std::string& name) {
  if (!value.is_object()) return Error{Errc::corrupt, name + ": a signature is no object"};
  Signature out;
  out.key_id = text_of(value, "keyid");
  ASSAY_TRY(out.bytes, bytes_of(value, "sig", name));
  if (out.key_id.size() > kMaxKeyIdBytes || out.bytes.size() > kMaxSignatureBytes)
    return Error{Errc::limit, name + ": a signature or its key's id is longer than any is"};
  return out;
}

}  // namespace

std::string pre_authentication(std::string_view payload_type, std::string_view payload) {
  std::string out = "DSSEv1 " + std::to_string(payload_type.size()) + " ";
  out += payload_type;
  out += " " + std::to_string(payload.size()) + " ";
  return out += payload;
}

Json envelope_value(const Envelope& envelope) {
  Json signatures = Json::array();
  for (const Signature& one : envelope.signatures) {
    Json value = {{"sig", base64(one.bytes)}};
    if (!one.key_id.empty()) value["keyid"] = one.key_id;
    signatures.push_back(std::move(value));
  }
  return {{"payload", base64(envelope.payload)},
          {"payloadType", envelope.payload_type},
          {"signatures", std::move(signatures)}};
}

std::string envelope_json(const Envelope& envelope) {
  return envelope_value(envelope).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Envelope> read_envelope(const Json& value, const std::string& name) {
  Envelope out;
  out.payload_type = text_of(value, "payloadType");
  if (out.payload_type.empty() || out.payload_type.size() > kMaxTypeBytes)
    return Error{Errc::corrupt, name + ": 'payloadType' is missing, or longer than " +
                                    std::to_string(kMaxTypeBytes) + " bytes"};
  ASSAY_TRY(out.payload, bytes_of(value, "payload", name));
  const Json* signatures = part_of(value, "signatures", Json::value_t::array);
  if (!signatures || signatures->empty()) return Error{Errc::corrupt, name + " has no signature"};
  if (signatures->size() > kMaxSignatures)
    return Error{Errc::limit, name + " has more than " + std::to_string(kMaxSignatures) + " signatures"};
  for (const Json& one : *signatures) {
    ASSAY_TRY(Signature signature, read_signature(one, name));
    out.signatures.push_back(std::move(signature));
  }
  return out;
}

Result<Envelope> parse_envelope(std::string_view json, const std::string& name) {
  ASSAY_TRY(Json value, parse_strict(json, kMaxEnvelopeBytes, name));
  return read_envelope(value, name);
}

}  // namespace assay::attest
