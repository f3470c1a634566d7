// Bundles around envelopes.
#include "attest/bundle.h"

#include "attest/dsse_json.h"

namespace assay::attest {
namespace {

constexpr std::string_view kBundlePrefix = "application/vnd.dev.sigstore.bundle";

}  // namespace

bool is_attestation_type(std::string_view media_type) {
  return media_type == kEnvelopeType || media_type.starts_with(kBundlePrefix);
}

std::string bundle_json(const Envelope& envelope, const std::string& key_hint) {
  Json bundle = {
      {"mediaType", kBundleType},
      {"verificationMaterial", {{"publicKey", {{"hint", key_hint}}}, {"tlogEntries", Json::array()}}},
      {"dsseEnvelope", envelope_value(envelope)}};
  return bundle.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Envelope> parse_attestation(std::string_view json, const std::string& name) {
  ASSAY_TRY(Json value, parse_strict(json, kMaxEnvelopeBytes, name));
  if (!value.contains("mediaType")) return read_envelope(value, name);
  std::string type = text_of(value, "mediaType");
  if (!type.starts_with(kBundlePrefix))
    return Error{Errc::corrupt,
                 name + " is neither an envelope nor a bundle but '" + printable(type, 100) + "'"};
  if (const Json* envelope = part_of(value, "dsseEnvelope", Json::value_t::object))
    return read_envelope(*envelope, name);
  return Error{Errc::unsupported, name + " is a bundle without a DSSE envelope: it makes no statement"};
}

}  // namespace assay::attest
