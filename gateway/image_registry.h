// image_registry: what a registry says of a reference, for whoever has to decide by digest: which digest a
// tag is now, and which images an index holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/image_ref.h"
#include "common/result.h"
#include "gateway/config.h"

namespace assay::gateway {

/// Errors of both, in words, with host and repository: unreachable, denied, not_found, busy, timeout,
/// corrupt, cancelled (`stop_fd` was readable).
Result<std::string> digest_of_tag(const RegistrySettings& settings, const ImageRef& ref, int stop_fd);

/// The digests of an index's images for the platforms of the settings, in their order; nothing where the
/// digest is a plain image's. Errc::unsupported: the index has none for one of them.
Result<std::optional<std::vector<std::string>>> images_of_index(const RegistrySettings& settings,
                                                                const ImageRef& ref,
                                                                const std::string& digest, int stop_fd);

bool is_insecure(const RegistrySettings& settings, const std::string& host);

}  // namespace assay::gateway
