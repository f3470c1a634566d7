// trust: puts a scan's certificate authority into an image's own trust stores, as changed copies in the
// stage's layer, and says which environment variables point programs at it that bring stores of their own.
// Reads the image, which is hostile: what is odd is left as it is.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/result.h"

namespace assay {

/// `ca_pem`: the authority's certificate. `image_env`: NAME=value, as the image is started: stores that it
/// names are served too. Returns further NAME=value. Errc::no_space, Errc::denied: the layer cannot be
/// written.
Result<std::vector<std::string>> trust_authority(const std::filesystem::path& image_root,
                                                 const std::filesystem::path& layer,
                                                 const std::string& ca_pem,
                                                 const std::vector<std::string>& image_env = {});

}  // namespace assay
