// guest_looks: what makes the guest's machine look like one: the parts of /sys that gVisor leaves out
// (processors with caches, memory nodes, firmware, network devices), as files that are bind-mounted over it.
// hwloc, and all that is built on it, runs only with them. /proc stays gVisor's: what a mount there says,
// system calls would deny. docs/evasion.md lists what remains to be told by.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/job.h"
#include "common/result.h"

namespace assay {

struct GuestMachine {
  unsigned processors = 1;  // numbered from 0, as gVisor numbers them
  uint64_t memory_bytes = 0;
  bool amd = false;
  Persona persona = Persona::bare;
  std::string seed;  // its serial numbers follow from it
  std::string mac;   // of eth0; empty: it has none
};

/// This host's processors and memory, which gVisor passes on.
GuestMachine host_machine();

/// A directory of the host and where the guest is to find it.
using LooksMount = std::pair<std::filesystem::path, std::string>;
/// Writes the files below `dir`, which exists and is empty. Mounts for which `rootfs` has no place (the image
/// has something else than a directory there) are left out.
Result<std::vector<LooksMount>> write_guest_looks(const std::filesystem::path& dir,
                                                  const std::filesystem::path& rootfs,
                                                  const GuestMachine& machine);
/// Where they go: the runtime needs to find directories there.
std::vector<std::string> guest_looks_places();

/// Lines of resolv.conf beside the name servers: the sinkhole knows these search domains. `env` is the
/// persona's: it names the region.
std::string resolver_lines(Persona persona, const std::vector<std::string>& env);

}  // namespace assay
