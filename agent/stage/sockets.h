// sockets: the Unix sockets of decoy services. Each listens in a directory of the scan's on the host, and is
// bind-mounted into the guest, over an empty file that lies above the image for it.
#pragma once

#include <filesystem>
#include <vector>

#include "agent/lure/lures.h"
#include "agent/stage/layer_writer.h"
#include "agent/stage/stage.h"

namespace assay {

/// One for each token whose place is a socket. Where the image has something of its own, or a way there leads
/// nowhere, the token is taken out of `tokens`. `dir` exists. Errors: io, no_space.
Result<std::vector<DecoySocket>> open_sockets(LayerWriter& writer, const std::filesystem::path& dir,
                                              std::vector<lure::Token>& tokens);

}  // namespace assay
