// archive_keyring: makes an image's apt trust the simulated archive: the scan's archive key is added to the
// keyrings that the image has. Reads the image, which is hostile: what is odd is left as it is.
#pragma once

#include <filesystem>

#include "agent/lure/lures.h"
#include "common/result.h"

namespace assay {

/// Errc::no_space, Errc::denied: the layer cannot be written.
Status trust_archive(const std::filesystem::path& image_root, const std::filesystem::path& layer,
                     const lure::Seed& seed);

}  // namespace assay
