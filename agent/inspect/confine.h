// confine: what assay-inspect may still ask of the kernel once it reads rules or files that others wrote: to
// read and answer on the descriptors that it has, memory that is never executable, time, to end. Whoever
// takes the process over can open nothing, start nothing and reach nobody.
#pragma once

#include <cstdint>

#include "common/result.h"

namespace assay::inspect {

/// Lowers the resource limits: no processes, 2 GiB of memory, and as given.
Status limit_resources(unsigned cpu_seconds, uint64_t file_bytes);

/// For good, from now on. Every other system call kills the process, but for those that look for a file by
/// its name, which fail with EACCES: libraries look for optional ones. Does nothing under a sanitizer, whose
/// runtime has needs of its own.
Status confine();

}  // namespace assay::inspect
