// order_json: what order.cc and manifest.cc share of the requests' JSON. For these files only.
#pragma once

#include "cli/json_fields.h"
#include "cli/order.h"

namespace assay::cli {

/// Sets the fields that `wish` has.
void write_wish(Json& out, const Wish& wish);
std::string body_text(const Json& json);

}  // namespace assay::cli
