// artifact: the manifests that attestations lie under, as JSON, written and read. Pure; the bytes that are
// read are a registry's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attest/attach.h"
#include "common/oci.h"
#include "common/result.h"

namespace assay::attest {

inline constexpr const char* kImageManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kImageIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kEmptyConfig =
    "{}";  // image-spec manifest.md, "Guidance for an Empty Descriptor"

/// The manifest of a referrer whose one layer is a bundle.
std::string referrer_manifest(const Subject& subject, const Attaching& what, const std::string& bundle);
/// Its entry in the index of a fallback tag.
std::string referrer_entry(const std::string& manifest);

/// cosign's: one layer an envelope, each named in the config. `before`: what is there, or "". Errc::corrupt:
/// that is nothing of the kind; `name` begins the message.
struct CosignImage {
  std::string manifest, config;
};
Result<CosignImage> cosign_image(const std::string& before, const std::string& envelope,
                                 const std::string& predicate_type, const std::string& name);

/// What a manifest says, as far as attestations go.
struct Artifact {
  std::string type;     // artifactType, else its config's
  std::string subject;  // digest; may be empty
  std::vector<Descriptor> layers;
};
Result<Artifact> parse_artifact(std::string_view manifest, const std::string& name);

}  // namespace assay::attest
