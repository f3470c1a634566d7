// call_groups: which system calls belong together for rules: those that lead out of a container, and those
// that make memory that runs, or reach into another's. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "common/event.h"

namespace assay {

/// Calls that an ordinary program in a container has no use for, tried or not: mounts, namespaces, handles of
/// files, kernel modules, BPF, devices; a clone into new namespaces.
bool is_escape_call(const Event& event);

struct MemoryUse {
  bool tells = false;      // the event is such a call at all
  std::string protection;  // of a mapping: "rwx", "r-x"...
  uint64_t size_bytes = 0;
};
/// memfd_create, another process' memory, and mappings that are writable and executable, or of 64 MiB and
/// more.
MemoryUse memory_use(const Event& event);

}  // namespace assay
