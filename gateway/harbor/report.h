// report: what a scan found, as Harbor's vulnerability report (HarborVulnerabilityReport of the
// specification's versions 1.0 to 1.2). Pure. The severities are told in docs/harbor.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/harbor/request.h"
#include "scheduler/score/report.h"

namespace assay::gateway::harbor {

/// JSON. A clean scan has no entries; of any other the first says the verdict, the others are its findings.
/// `inconclusive`: severity of a scan that could not tell. Texts are printable and bounded.
std::string vulnerability_report(const Report& report, const Artifact& artifact,
                                 std::string_view inconclusive, int64_t generated_ns);

}  // namespace assay::gateway::harbor
