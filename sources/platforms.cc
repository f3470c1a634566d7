// Entries of an index that are no images are left out: attestations, which BuildKit keeps among them.
#include "sources/platforms.h"

#include "common/rfc3339.h"
#include "common/text.h"

namespace assay::sources {
namespace {

constexpr size_t kMaxConfigBytes = 4 << 20;
constexpr int kMaxDepth = 2;  // an index in an index

Result<PlatformImage> of_manifest(Registry& registry, const std::string& repository,
                                  const ManifestFound& found) {
  std::string name = registry.host() + "/" + repository + "@" + found.digest;
  ASSAY_TRY(Manifest manifest, parse_manifest(found.bytes, name));
  ASSAY_TRY(std::string bytes, registry.blob(repository, manifest.config.digest.str(), kMaxConfigBytes));
  ASSAY_TRY(ImageConfig config, parse_image_config(bytes, name + ": its config"));
  PlatformImage out{found.digest, printable(config.platform(), 100), 0};
  if (auto created = parse_rfc3339(config.created); created && *created > 0 && *created < 9'000'000'000)
    out.created_ns = *created * 1'000'000'000;
  return out;
}

Status add_index(Registry& registry, const std::string& repository, const ManifestFound& found, int depth,
                 std::vector<PlatformImage>& out) {
  std::string name = registry.host() + "/" + repository + "@" + found.digest;
  ASSAY_TRY(auto entries, parse_index(found.bytes, name));
  for (const Descriptor& entry : entries) {
    std::string digest = entry.digest.str();
    if (entry.os == "unknown" || entry.architecture == "unknown" || entry.attestation) continue;
    if (entry.media_type.ends_with("image.index.v1+json") ||
        entry.media_type.ends_with("manifest.list.v2+json")) {
      if (depth == kMaxDepth) return Error{Errc::limit, name + " holds indexes within indexes"};
      ASSAY_TRY(ManifestFound inner, registry.manifest(repository, digest));
      ASSAY_CHECK(add_index(registry, repository, inner, depth + 1, out));
      continue;
    }
    if (out.size() == kMaxPlatforms)
      return Error{Errc::limit, name + " has more than " + std::to_string(kMaxPlatforms) + " platforms"};
    out.push_back({digest, printable(entry.platform(), 100), 0});
  }
  return Status();
}

}  // namespace

Result<std::vector<PlatformImage>> platforms_of(Registry& registry, const std::string& repository,
                                                const TaggedImage& image) {
  ASSAY_TRY(ManifestFound found, registry.manifest(repository, image.digest));
  return platforms_in(registry, repository, found);
}

Result<std::vector<PlatformImage>> platforms_in(Registry& registry, const std::string& repository,
                                                const ManifestFound& found) {
  std::vector<PlatformImage> out;
  if (is_index(found.bytes)) {
    ASSAY_CHECK(add_index(registry, repository, found, 1, out));
  } else {
    ASSAY_TRY(PlatformImage one, of_manifest(registry, repository, found));
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace assay::sources
