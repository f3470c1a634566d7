// events: EventBridge's "ECR Image Action" as pushes. Pure; the bytes are hostile. Source: ECR user guide,
// "Amazon ECR events and EventBridge".
#pragma once

#include <optional>
#include <string_view>

#include "common/result.h"
#include "sources/push.h"

namespace assay::sources::aws {

/// Nothing for another event than a successful PUSH. Errc::invalid names the field that is wrong.
Result<std::optional<Push>> parse_ecr_event(std::string_view json);

}  // namespace assay::sources::aws
