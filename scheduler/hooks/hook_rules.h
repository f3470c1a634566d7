// hook_rules: what names and lines of the hook file must be. Internal to the hook files.
#pragma once

#include <string_view>
#include <vector>

#include "common/result.h"

namespace assay::hooks {

inline constexpr size_t kMaxHookFileBytes = 4 << 20;
inline constexpr size_t kMinSecretBytes = 16;

Status check_hook_name(std::string_view name);

}  // namespace assay::hooks
