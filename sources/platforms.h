// platforms: the manifests behind a digest, one for each platform, asked of a registry.
#pragma once

#include <vector>

#include "sources/registry.h"
#include "sources/source.h"

namespace assay::sources {

/// See Source::platforms().
Result<std::vector<PlatformImage>> platforms_of(Registry& registry, const std::string& repository,
                                                const TaggedImage& image);
/// The same of a manifest that is at hand, with its bytes.
Result<std::vector<PlatformImage>> platforms_in(Registry& registry, const std::string& repository,
                                                const ManifestFound& found);

}  // namespace assay::sources
