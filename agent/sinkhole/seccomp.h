// seccomp: what the sinkhole's loop may still ask of the kernel once it listens to a guest: to talk on the
// sockets that it has, memory that is never executable, time, randomness, to end. Whoever takes the process
// over can open nothing, start nothing and connect to nothing.
#pragma once

#include "common/result.h"

namespace assay::sinkhole {

/// For good, from now on. Every other system call kills the process, but for those that look for a file by
/// its name, which fail with EACCES: libraries look for optional ones (locales, time zones). OpenSSL is
/// brought up before. Does nothing under a sanitizer, whose runtime has needs of its own.
Status confine();

}  // namespace assay::sinkhole
