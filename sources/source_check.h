// source_check: whether what a source says can be, and in its one form. Pure.
#pragma once

#include "sources/source.h"

namespace assay::sources {

/// With docker.io's names in full ("nginx" is "library/nginx"). Errc::invalid names what is wrong, and the
/// rule.
Result<SourceSpec> check_source(SourceSpec spec);

}  // namespace assay::sources
