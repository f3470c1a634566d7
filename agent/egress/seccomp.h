// seccomp: what the forwarder's loop may ask of the kernel once it hears a guest: TCP and UDP sockets to the
// internet, to talk on the sockets that it has, memory that is never executable, time, to end.
#pragma once

#include "common/result.h"

namespace assay::egress {

/// For good, from now on: every other system call kills the process. Does nothing under a sanitizer, whose
/// runtime has needs of its own.
Status confine();

}  // namespace assay::egress
