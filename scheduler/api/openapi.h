// docs/openapi.yaml, compiled in (openapi.cc.in).
#pragma once

#include <string_view>

namespace assay::api {

std::string_view openapi_text();

}  // namespace assay::api
