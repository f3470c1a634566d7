// aws_cli: Debian's awscli (botocore) against an endpoint of ours: a client of AWS that is not ours.
#pragma once

#include <string>
#include <vector>

#include "common/process.h"
#include "tests/farm/aws_server.h"

namespace assay::farm {

/// Whether this machine has it: "/usr/bin/aws" of the package awscli.
bool has_aws_cli();
/// `aws --endpoint-url URL ARGUMENTS...` as `key` in `region`, with nothing of this machine's configuration
/// and one try a call. JSON comes out.
Result<Output> aws_cli(const std::string& url, const AwsKey& key, const std::string& region,
                       std::vector<std::string> arguments);

}  // namespace assay::farm
