// Written in one way, so that the same attestation is the same manifest; read with bounds.
#include "attest/artifact.h"

#include "attest/bundle.h"
#include "attest/strict_json.h"
#include "common/digest.h"
#include "common/text.h"
#include "scheduler/export/json_text.h"

namespace assay::attest {
namespace {

using Out = nlohmann::ordered_json;

constexpr size_t kMaxLayers = 200;
constexpr size_t kMaxManifestBytes = 4 << 20;
constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";
constexpr const char* kEmptyType = "application/vnd.oci.empty.v1+json";

Out descriptor(const std::string& media_type, const std::string& bytes) {
  return {{"mediaType", media_type}, {"digest", Digest::of(bytes).str()}, {"size", bytes.size()}};
}

std::string text(const Out& json) { return json.dump(-1, ' ', false, Out::error_handler_t::replace); }

Result<Descriptor> read_layer(const Json& value, const std::string& name) {
  Descriptor out;
  if (!value.is_object()) return Error{Errc::corrupt, name + ": a layer is no object"};
  out.media_type = text_of(value, "mediaType");
  auto digest = Digest::parse(text_of(value, "digest"));
  if (!digest) return Error{Errc::corrupt, name + ": a layer has no digest"};
  out.digest = *digest;
  auto size = value.find("size");
  if (size == value.end() || !size->is_number_unsigned())
    return Error{Errc::corrupt, name + ": a layer has no size"};
  out.size_bytes = size->get<uint64_t>();
  return out;
}

}  // namespace

std::string referrer_manifest(const Subject& subject, const Attaching& what, const std::string& bundle) {
  Out layer = descriptor(kBundleType, bundle);
  std::string file = layer["digest"].get<std::string>() + ".sigstore.json";
  file[std::string_view("sha256").size()] = '-';
  layer["annotations"] = {{"org.opencontainers.image.title", file}};
  return text(
      {{"schemaVersion", 2},
       {"mediaType", kImageManifest},
       {"artifactType", kBundleType},
       {"config", descriptor(kEmptyType, kEmptyConfig)},
       {"layers", Out::array({layer})},
       {"subject",
        {{"mediaType", subject.media_type}, {"digest", subject.digest}, {"size", subject.size_bytes}}},
       {"annotations",
        {{"dev.sigstore.bundle.content", "dsse-envelope"},
         {"dev.sigstore.bundle.predicateType", what.predicate_type},
         {"org.opencontainers.image.created", utc_text(what.now_s * 1'000'000'000)}}}});
}

std::string referrer_entry(const std::string& manifest) {
  Out whole = Out::parse(manifest);
  Out out = descriptor(kImageManifest, manifest);
  out["artifactType"] = whole["artifactType"];
  out["annotations"] = whole["annotations"];
  return text(out);
}

Result<CosignImage> cosign_image(const std::string& before, const std::string& envelope,
                                 const std::string& predicate_type, const std::string& name) {
  Json layers = Json::array();
  Out diff_ids = Out::array();
  if (!before.empty()) {
    ASSAY_TRY(Artifact known, parse_artifact(before, name));
    Json whole = Json::parse(before, nullptr, false);
    layers = whole["layers"];
    for (const Descriptor& layer : known.layers) diff_ids.push_back(layer.digest.str());
  }
  Out layer = descriptor(kEnvelopeType, envelope);
  for (const Out& id : diff_ids)
    if (id == layer["digest"]) return CosignImage{before, ""};
  layer["annotations"] = {{"dev.cosignproject.cosign/signature", ""}, {"predicateType", predicate_type}};
  diff_ids.push_back(layer["digest"]);
  layers.push_back(Json::parse(text(layer)));
  CosignImage out;
  out.config = text({{"architecture", ""},
                     {"os", ""},
                     {"config", Out::object()},
                     {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}});
  out.manifest = text({{"schemaVersion", 2},
                       {"mediaType", kImageManifest},
                       {"config", descriptor(kConfigType, out.config)},
                       {"layers", Out::parse(layers.dump())}});
  return out;
}

Result<Artifact> parse_artifact(std::string_view manifest, const std::string& name) {
  ASSAY_TRY(Json value, parse_strict(manifest, kMaxManifestBytes, name));
  Artifact out;
  out.type = text_of(value, "artifactType");
  if (const Json* config = part_of(value, "config", Json::value_t::object); config && out.type.empty())
    out.type = text_of(*config, "mediaType");
  if (const Json* subject = part_of(value, "subject", Json::value_t::object))
    out.subject = text_of(*subject, "digest");
  const Json* layers = part_of(value, "layers", Json::value_t::array);
  if (!layers) return Error{Errc::corrupt, name + " is no manifest with layers"};
  if (layers->size() > kMaxLayers)
    return Error{Errc::limit, name + " has more than " + std::to_string(kMaxLayers) + " layers"};
  for (const Json& one : *layers) {
    ASSAY_TRY(Descriptor layer, read_layer(one, name));
    out.layers.push_back(std::move(layer));
  }
  return out;
}

}  // namespace assay::attest
