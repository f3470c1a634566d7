// Fields of AWS's JSON answers that may be missing or of another type. For .cc files only.
#pragma once

#include <nlohmann/json.hpp>

#include "common/json_parts.h"

namespace assay::sources::aws {

/// The number under the name, or 0. Times are seconds with fractions.
inline double number_of(const nlohmann::json& from, const char* name) {
  auto found = from.find(name);
  double value = found != from.end() && found->is_number() ? found->get<double>() : 0;
  return value > -1e15 && value < 1e15 ? value : 0;
}

}  // namespace assay::sources::aws
