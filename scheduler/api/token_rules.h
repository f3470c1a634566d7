// What a token's name and weight must be. Internal to the tokens files.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace assay::api {

Status check_token_name(std::string_view name);
Result<uint32_t> parse_weight(std::string_view text);

}  // namespace assay::api
