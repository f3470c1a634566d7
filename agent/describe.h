// describe: what a trace's header says of the scan before its guest starts: the image, the host, the tools.
#pragma once

#include <string>

#include "agent/pull.h"
#include "common/trace.h"
#include "common/wire.h"

namespace assay {

/// All of the header but what the run adds: start time, guest address. Errors as of runtime_version().
Result<TraceHeader> describe_scan(const wire::Lease& lease, const PulledImage& image,
                                  const std::string& agent_id);

}  // namespace assay
