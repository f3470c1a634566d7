// platforms: the manifests behind a digest, one for each platform, asked of a registry.
#pragma once

#include <vector>

#include "sources/registry.h"
#include "sources/source.h"

namespace assay::sources {

/// See Source::platforms().
Result<std::vector<PlatformImage>> platforms_of(Registry& registry, const std::string& repository,
                                                const TaggedImage& image);

}  // namespace assay::sources
