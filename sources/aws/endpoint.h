// endpoint: where a service of a region is asked: as given, as the environment says (AWS_ENDPOINT_URL...), or
// Amazon's own. Reads the environment; else pure.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace assay::sources::aws {

/// `given` where it is not empty; else $AWS_ENDPOINT_URL_SERVICE, $AWS_ENDPOINT_URL (unless
/// $AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is true), `otherwise`, Amazon's. Errc::invalid: the region or what
/// was configured cannot be one.
Result<std::string> endpoint_url(const std::string& service, const std::string& region,
                                 const std::string& given, const std::string& otherwise = "");

/// "eu-west-1": what may become part of a host's name.
bool is_region(std::string_view text);
/// "arn:aws:iam::123456789012:role/NAME"; the partition may be another.
bool is_role_arn(std::string_view text);

}  // namespace assay::sources::aws
