// ecr_source: Amazon's registries as sources: every repository of an account in a region, found by itself;
// what is behind an index is asked of the registry's data plane. Made by open_source().
#pragma once

#include <memory>
#include <vector>

#include "sources/source.h"

namespace assay::sources::aws {

/// One for each role and region of the spec (the environment's region where it names none).
Result<std::vector<std::unique_ptr<Source>>> open_ecr(const SourceSpec& spec, const SourceOptions& options);

}  // namespace assay::sources::aws
