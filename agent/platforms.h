// platforms: what guests this host can run, as images name it. gVisor runs programs of the host's own
// architecture only: neither 32-bit ones on a 64-bit host nor emulated ones.
#pragma once

#include <string>
#include <vector>

namespace assay {

/// "linux/amd64" and the levels of it that this processor has, or "linux/arm64"; canonical
/// (common/platform.h), the plain one first.
std::vector<std::string> host_platforms();

/// "linux/amd64": for errors.
std::string host_platform();

}  // namespace assay
