// dsse_json: an envelope as a JSON value, as it lies in a bundle. For .cc files only.
#pragma once

#include "attest/dsse.h"
#include "attest/strict_json.h"

namespace assay::attest {

Json envelope_value(const Envelope& envelope);
/// See parse_envelope().
Result<Envelope> read_envelope(const Json& value, const std::string& name);

}  // namespace assay::attest
