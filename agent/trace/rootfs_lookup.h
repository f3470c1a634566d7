// rootfs_lookup: an executed file, opened in the guest's root on the host as soon as its exec is reported:
// before a dropper has deleted itself. Nothing is followed out of that root (openat2 RESOLVE_IN_ROOT); only
// regular files are opened.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/fd.h"

namespace assay {

/// The file that an exec or start message (a whole datagram) names; none for other messages, or when it
/// cannot be found on the host (memfd, /dev/shm, a mount of the guest's own).
Fd open_reported_executable(int rootfs_dir, uint16_t type, std::string_view datagram);

/// argv[0] as execvp(3) resolves it: the path below the root, or empty.
std::string find_in_rootfs(int rootfs_dir, const std::string& cwd, const std::string& argv0,
                           const std::vector<std::string>& env);

}  // namespace assay
