// cloud_metadata: the link-local services of cloud providers' machines, which hand out credentials to whoever
// asks from inside: AWS's instance (IMDS, both versions) and task metadata, GCP's and Azure's. One file each;
// what they know of the request has passed cloud_metadata.cc.
#pragma once

#include <optional>

#include "agent/sinkhole/web/web.h"

namespace assay::sinkhole {

std::optional<WebAnswer> answer_aws_instance(const WebRequest& request, Moment& moment);
WebAnswer answer_aws_task(const WebRequest& request, Moment& moment);
std::optional<WebAnswer> answer_gcp(const WebRequest& request, Moment& moment);
std::optional<WebAnswer> answer_azure(const WebRequest& request, Moment& moment);

}  // namespace assay::sinkhole
