// plant: puts honeytokens and props into the layer above an image, owned and closed to others as real ones
// are, and never in the place of what the image has. Reads the image, which is hostile.
#pragma once

#include <filesystem>
#include <vector>

#include "agent/lure/lures.h"
#include "agent/stage/layer_writer.h"
#include "agent/stage/persona.h"
#include "common/oci.h"

namespace assay {

/// /root, and the home of the image's user if that is a home: a directory below /home. (Daemons' homes are
/// often their data directories, which must be empty.)
std::vector<Home> find_homes(const ImageConfig& image, const std::filesystem::path& image_root);

/// Plants the tokens that have a place in the file system or the environment. Those for whose place the image
/// has something of its own are taken out of `tokens`. Errc::no_space.
Status plant_tokens(LayerWriter& writer, const ImageConfig& image, const std::vector<Home>& homes,
                    std::vector<lure::Token>& tokens);
/// Those that the image has already are left out.
Status plant_props(LayerWriter& writer, const std::vector<Prop>& props);

}  // namespace assay
